"""The development stack by either engine: previews without a host, and from preview to removal on a sandbox host."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cli.stack_file import REPOSITORY
from sandbox.hosts import preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images
from sandbox.pulumi import command
from sandbox.pulumi.stand_ins.environment import stand_in_environment

STACK = "dev"
STEPS = ("preview of a new stack", "up", "preview of no change", "up of no change", "destroy")
Seconds = dict[str, float]


@dataclass(frozen=True)
class Engine:
    """One engine with a state of its own. `said` names it; `verbs` are its commands, in the order of STEPS."""

    said: str
    program: tuple[str, ...]
    verbs: tuple[tuple[str, ...], ...]
    directory: Path
    environment: Mapping[str, str]

    def run(self, step: str) -> float:
        """Seconds of wall clock. Raises SystemExit with what a failing command said."""
        line = [*self.program, *self.verbs[STEPS.index(step)]]
        started = time.monotonic()
        done = subprocess.run(
            line,
            cwd=self.directory,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"bench: {self.said}: {step} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        seconds = time.monotonic() - started
        print(f"bench: {self.said}: {step}: {seconds:.1f} s", flush=True)
        return seconds


def sandbox_engine(directory: Path, target: Mapping[str, str]) -> Engine:
    where = ("-s", STACK, "--stack-file", _copy(directory), "--cwd", str(REPOSITORY))
    verbs = tuple((verb, *where) for verb in ("preview", "up", "preview", "up", "destroy"))
    return Engine(
        said="sandbox engine",
        program=(sys.executable, "-m", "sandbox.engine"),
        verbs=verbs,
        directory=REPOSITORY,
        environment={"HA_STATE": str(directory / "state"), "PULUMI_CONFIG_PASSPHRASE": "bench", **target},
    )


def pulumi_cli(directory: Path, target: Mapping[str, str], program: Path) -> Engine:
    """With the stand-ins for its plugins."""
    (directory / "backend").mkdir(parents=True)
    main = os.path.relpath(REPOSITORY, directory)
    (directory / "Pulumi.yaml").write_text(f"name: ha-platform\nruntime: python\nmain: {main}\n")
    _copy(directory)
    go = ("--yes", "--skip-preview")
    engine = Engine(
        said="Pulumi CLI",
        program=(str(program), "--non-interactive", "--stack", STACK),
        verbs=(("preview",), ("up", *go), ("preview",), ("up", *go), ("destroy", *go)),
        directory=directory,
        environment={
            **stand_in_environment(*target.values()),
            "PULUMI_BACKEND_URL": (directory / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            **target,
        },
    )
    subprocess.run(
        [*engine.program, "stack", "init"],
        cwd=directory,
        env={**os.environ, **engine.environment},
        capture_output=True,
        check=True,
    )
    return engine


def found_cli() -> Path | None:
    """A CLI that is there; none is built for this."""
    return command.on_path() or command.built()


def offline(rounds: int) -> dict[str, list[float]]:
    """Previews without a host, the engines in turn; by engine. Without a CLI those of the sandbox engine alone."""
    cli = found_cli()
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        target = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
        more = {**target, "HA_OFFLINE": "1"}
        engines = [sandbox_engine(_made(temporary, "sandbox"), more)]
        if cli:
            by_cli = pulumi_cli(_made(temporary, "cli"), target, cli)
            engines.append(replace(by_cli, environment={**by_cli.environment, "HA_OFFLINE": "1"}))
        for _ in range(rounds):
            for engine in engines:
                taken.setdefault(engine.said, []).append(engine.run(STEPS[0]))
    return taken


def deployed() -> dict[str, Seconds] | str:
    """Every step by either engine, by engine and step; or why there is no host for it."""
    if faults := preflight.faults():
        return "; ".join(faults)
    cli = found_cli()
    taken: dict[str, Seconds] = {}
    with _host() as swarm, tempfile.TemporaryDirectory() as temporary:
        target = {"DOCKER_HOST": swarm.docker_host}
        makers: list[Callable[[], Engine]] = [lambda: sandbox_engine(_made(temporary, "sandbox"), target)]
        if cli:
            makers.append(lambda: pulumi_cli(_made(temporary, "cli"), target, cli))
        for make in makers:
            engine = make()
            taken[engine.said] = {step: engine.run(step) for step in STEPS}
    return taken


@contextmanager
def _host() -> Iterator[SwarmCluster]:
    """The sandbox host of dev with all images; it stays where it ran before."""
    swarm = SwarmCluster("dev")
    ran = any(host.init() for host in swarm.hosts)
    try:
        ensure_images()
        yield swarm.up()
    except HostError as error:
        raise SystemExit(f"bench: {error}") from None
    finally:
        if not ran:
            swarm.down()


def _copy(directory: Path) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"Pulumi.{STACK}.yaml"
    shutil.copy(REPOSITORY / path.name, path)
    return str(path)


def _made(temporary: str, name: str) -> Path:
    return Path(temporary) / name
