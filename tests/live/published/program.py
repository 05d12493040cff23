"""The README's program of a second repository, for one host."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.hosts.swarm import SwarmCluster
from sandbox.images.build import reference
from tests.conformance.sandbox_engine import SandboxEngine
from tests.library.programs import snippet
from tests.live.published.removal import removed_together

PROJECT, STACK = "shop", "dev"
PORT, STATUS_PORT = 8380, 8704
"""Other tests have other ports of the same host at the same time."""
_LITTLE = {"cpu_request": "50m", "cpu_limit": "1", "memory_request": "128Mi", "memory_limit": "512Mi"}


def adapted() -> str:
    """The program, with what the sandbox demands in place of what the README says."""
    changes = {
        'nodes=["node-a", "node-b", "node-c"], entry="dns")': 'nodes=["host1"], entry="single-host", '
        'encrypt_overlays=False), images={"source": "sandbox"}, data="delete"',
        'volume="50Gi"': f'volume="50Gi", members=1, resources={_LITTLE}',
        "registry.example.com/shop:1.4.2": reference("chat"),
        '{"listen": {"http": 80}': f'{{"replicas": 1, "listen": {{"http": {PORT}}}, '
        f'"status": {{"port": {STATUS_PORT}}}',
    }
    program = snippet("python")
    for before, after in changes.items():
        assert before in program
        program = program.replace(before, after)
    return program


@dataclass(frozen=True)
class Program:
    """It goes up by itself; `up` ends when it is, or raises what failed."""

    engine: SandboxEngine
    up: "Future[str]"


@contextmanager
def going_up(cluster: SwarmCluster, directory: Path) -> Iterator[Program]:
    """The program in `directory`, on its way; removed at the end."""
    (directory / "__main__.py").write_text(adapted())
    (directory / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    (directory / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
    engine = SandboxEngine(directory, directory / "state", "a passphrase", {"DOCKER_HOST": cluster.docker_host})
    with ThreadPoolExecutor(1) as threads:
        up = threads.submit(engine.run, "up", STACK)
        try:
            yield Program(engine, up)
        finally:
            up.exception()  # waits
            with removed_together(cluster.client(), f"{PROJECT}-{STACK}"):
                engine.run("destroy", STACK)
