"""The members of a store as they are rendered, run as real processes on loopback."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from composition.compose import compose
from composition.read import StackInput, check
from tests.live.deployed.waiting import wait_for
from tests.loopback import own_network
from tests.mock_engine import render
from tests.stacks.fixtures import REPOSITORY, settings_of

STACK = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
START = REPOSITORY / "components/postgres_ha/files/etcd_start.sh"
READY = REPOSITORY / "components/postgres_ha/files/etcd_ready.sh"
COUNT = 3


class Store:
    """Three members, each with an address and a directory of its own."""

    def __init__(self, directory: Path, network: str = own_network()) -> None:
        self._directory = directory
        self._addresses = {f"prod-main-etcd-{ordinal}": f"{network}.{ordinal + 1}" for ordinal in range(COUNT)}
        self._specs = _specs()
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, ordinal: int) -> None:
        """Runs the start script with the rendered arguments and variables."""
        spec = self._specs[f"main-etcd-{ordinal}"]
        self.volume(ordinal).mkdir(exist_ok=True)
        with (self._directory / f"{ordinal}.log").open("ab") as log:
            self._running[ordinal] = subprocess.Popen(
                ["sh", str(START), *(self._text(ordinal, argument) for argument in spec["args"])],
                env=self._env(ordinal),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, ordinal: int) -> None:
        """SIGKILL of all that the member runs."""
        process = self._running.pop(ordinal)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def lose(self, ordinal: int) -> None:
        """Killed, and its volume is gone."""
        self.kill(ordinal)
        shutil.rmtree(self.volume(ordinal))

    def stop(self) -> None:
        """All of them."""
        for ordinal in list(self._running):
            self.kill(ordinal)

    def volume(self, ordinal: int) -> Path:
        return self._directory / f"volume-{ordinal}"

    def peer_url(self, ordinal: int) -> str:
        return f"http://{self.address(ordinal)}:2380"

    def has_ended(self, ordinal: int) -> bool:
        return self._running[ordinal].poll() is not None

    def ready(self, ordinal: int) -> bool:
        """What the readiness check says; its own address stands for localhost."""
        text = READY.read_text().replace("127.0.0.1", self.address(ordinal))
        return subprocess.run(["sh", "-c", text], env=self._env(ordinal), check=False).returncode == 0

    def healthy(self, ordinal: int) -> bool:
        return self._etcdctl(ordinal, "--command-timeout=2s", "endpoint", "health").returncode == 0

    def wait_healthy(self, *ordinals: int, seconds: float = 60) -> None:
        for ordinal in ordinals:
            wait_for(f"member {ordinal} is healthy", lambda n=ordinal: self.healthy(n), seconds=seconds)  # type: ignore[misc]

    def ask(self, ordinal: int, *command: str) -> str:
        """What etcdctl prints when it asks one member; it must succeed."""
        done = self._etcdctl(ordinal, *command)
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout

    def ids(self) -> dict[str, str]:
        """Member name -> id."""
        lines = self.ask(0, "member", "list", "--write-out=simple").splitlines()
        return {line.split(", ")[2]: line.split(", ")[0] for line in lines}

    def _etcdctl(self, ordinal: int, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["etcdctl", f"--endpoints=http://{self.address(ordinal)}:2379", *command],
            env={"PATH": os.environ["PATH"], "ETCDCTL_API": "3"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def _env(self, ordinal: int) -> dict[str, str]:
        variables = self._specs[f"main-etcd-{ordinal}"]["env"]
        return {
            "PATH": os.environ["PATH"],
            **{name: self._text(ordinal, value) for name, value in variables.items()},
            "HA_VOLUME": str(self.volume(ordinal)),
        }

    def address(self, ordinal: int) -> str:
        return self._addresses[f"prod-main-etcd-{ordinal}"]

    def _text(self, ordinal: int, text: str) -> str:
        """Addresses instead of names, own directories and sockets instead of the container's."""
        for name, address in self._addresses.items():
            text = text.replace(f"//{name}:", f"//{address}:")
        text = text.replace("//0.0.0.0:", f"//{self.address(ordinal)}:")
        return text.replace(self._specs[f"main-etcd-{ordinal}"]["env"]["HA_VOLUME"], str(self.volume(ordinal)))


def _specs() -> dict[str, dict[str, Any]]:
    """Service name -> what its container gets."""
    settings, _ = settings_of(STACK)
    stack = check(settings, source=STACK.name, secret_names=frozenset())
    found = render(lambda _: compose(StackInput(source=STACK.name, stack=stack, secrets={}), stack_name="prod"))
    return {
        one.name: one.inputs["taskSpec"]["containerSpec"]
        for one in found
        if one.name.startswith("main-etcd-") and one.type.endswith(":Service")
    }
