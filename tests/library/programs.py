"""Programs that use the components, previewed by the sandbox engine, each in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.stacks.fixtures import REPOSITORY

PROGRAM = Path(__file__).parent / "program"
_SECTION = re.compile(r"^## In a program of your own\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def snippet(language: str) -> str:
    """The block of that language in the README's section about other programs."""
    section = _SECTION.search((REPOSITORY / "README.md").read_text())
    assert section, "the README has the section"
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    return str(found)


def preview(directory: Path, state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The sandbox engine's preview of the program in `directory`. No cluster is asked."""
    environment = {**os.environ, "HA_STATE": str(state), "PULUMI_CONFIG_PASSPHRASE": "for this test"}
    environment |= {"DOCKER_HOST": f"unix://{state}/no.sock"}
    command = [sys.executable, "-m", "sandbox.engine", "preview", "-s", "dev", "--cwd", str(directory), *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, text=True, capture_output=True, check=False, timeout=120
    )


def registered(directory: Path, state: Path) -> dict[str, Any]:
    """By URN: what the preview would create."""
    done = preview(directory, state, "--json")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return {step["urn"]: step["newState"] for step in json.loads(done.stdout)["steps"]}
