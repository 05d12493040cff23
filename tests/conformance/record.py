"""`python -m tests.conformance.record [swarm] [kubernetes]`: what the real Pulumi CLI registers and stores.

Writes `reference/<stack>.json`, and nothing without a real CLI. It deploys the conformance program twice to the host or
cluster that DOCKER_HOST or KUBECONFIG names: with the sandbox engine, whose state the CLI has to take over without a
change, and with the CLI, whose own state becomes the reference. CONFORMANCE_IMAGE names an image with a shell that the
host can pull; without it the sandbox's base image is taken, which every sandbox host has.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.images.build import reference as sandbox_image
from tests.conformance.normalise import resources
from tests.conformance.pulumi_cli import NoCli, PulumiCli
from tests.conformance.sandbox_engine import PROGRAM, SandboxEngine

REFERENCE = Path(__file__).parent / "reference"
STACKS = ("swarm", "kubernetes")
IMAGE = "CONFORMANCE_IMAGE"
# Guards nothing: the state lives in a temporary directory until the recording ends.
_PASSPHRASE = "recording"


def record(stack: str, image: str) -> dict[str, Any]:
    """The reference of one stack. Raises NoCli when the CLI fails or does not take the sandbox engine's state over."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "program"
        shutil.copytree(PROGRAM, directory)
        # The program's environment stands beside the repository, not beside its copy.
        (directory / "Pulumi.yaml").write_text(f"name: conformance\nruntime:\n  name: python\n{_environment()}")
        cli = PulumiCli(directory, Path(temporary) / "backend", _PASSPHRASE)
        engine = SandboxEngine(directory, Path(temporary) / "state", _PASSPHRASE, {})
        cli.run("stack", "init", stack)
        taken_over = _take_over(cli, engine, stack, Path(temporary))
        cli.run("up", "-s", stack, "--yes", "--skip-preview")
        try:
            exported = cli.export(stack)
        finally:
            cli.run("destroy", "-s", stack, "--yes", "--skip-preview")
        return {
            "versions": {"pulumi": cli.version, "plugins": cli.plugins()},
            "take_over": taken_over,
            "resources": json.loads(json.dumps(resources(exported)).replace(image, "IMAGE")),
        }


def _take_over(cli: PulumiCli, engine: SandboxEngine, stack: str, temporary: Path) -> dict[str, int]:
    """What the CLI's preview of an imported state of the sandbox engine shows. The stack is empty again afterwards."""
    engine.run("up", stack)
    try:
        (temporary / "state.json").write_text(json.dumps(engine.export(stack)))
        cli.run("stack", "import", "-s", stack, "--file", str(temporary / "state.json"))
        shown = cli.preview(stack)
    finally:
        engine.run("destroy", stack)
    if shown.keys() != {"same"}:
        raise NoCli(f"the CLI's preview of the sandbox engine's state shows changes: {shown}")
    cli.run("stack", "rm", stack, "--yes", "--force", "--preserve-config")
    cli.run("stack", "init", stack)
    return shown


def _environment() -> str:
    return f"  options:\n    virtualenv: {sys.prefix}\n"


def main(arguments: list[str]) -> int:
    chosen = arguments or list(STACKS)
    try:
        if shutil.which("pulumi") is None:
            raise NoCli("there is no `pulumi` on PATH: install the Pulumi CLI; only it can write a reference")
        if unknown := [name for name in chosen if name not in STACKS]:
            raise NoCli(f"there is no conformance stack {unknown[0]}: choose from {', '.join(STACKS)}")
        image = os.environ.setdefault(IMAGE, sandbox_image("base"))
        for stack in chosen:
            reference = record(stack, image)
            target = REFERENCE / f"{stack}.json"
            target.write_text(json.dumps(reference, indent=1, sort_keys=True) + "\n")
            print(f"{stack}: {len(reference['resources'])} resources recorded with the CLI {reference['versions']}")
    except (NoCli, AssertionError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
