"""The members of a database as they are rendered, run as real processes on loopback."""

import os
import pwd
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import yaml

from composition.compose import compose
from composition.read import StackInput, check
from tests.components.postgres_ha.etcd_members import Store
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.loopback import own_network
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS

PATRONI = Path(sys.executable).with_name("patroni")
COUNT = 3
FIRST_ADDRESS = 11
PASSWORDS = {role: role for role in ("superuser", "replication", "rewind", "rest_api")}


class Patronis:
    """Three members that use `store`. Member n has the address `<network>.<n + 11>`."""

    def __init__(self, directory: Path, store: Store, network: str = own_network()) -> None:
        self._directory = directory
        self._store = store
        self._network = network
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.swarm = {one.name: one.inputs for one in registered("swarm") if one.name.startswith("main-")}
        (self.stateful_set,) = (
            one.inputs
            for one in registered("kubernetes")
            if one.name == "main-pg" and one.type.endswith(":StatefulSet")
        )

    def start(self, ordinal: int, *, clone_rate: str = "") -> None:
        """Runs the rendered command with the rendered files; a replica copies at most `clone_rate` a second."""
        spec = self._spec(ordinal)
        etc, volume = self._directory / f"etc-{ordinal}", self._directory / f"volume-{ordinal}"
        for part in ("config", "bootstrap", "programs"):
            (etc / part).mkdir(parents=True, exist_ok=True)
        volume.mkdir(exist_ok=True)
        (etc / "config/10-cluster.yml").write_text(self._text(ordinal, self.swarm["main-pg-cluster"]["dataRaw"]))
        (etc / "config/30-here.yml").write_text(yaml.safe_dump(self._here(ordinal, clone_rate)))
        (etc / "bootstrap/post_bootstrap.sh").write_text(
            self._text(ordinal, self.swarm["main-pg-bootstrap"]["dataRaw"])
        )
        (etc / "bootstrap/owner_password").write_text("owner")
        for program in ("member", "switchover"):
            text = self._text(ordinal, self.swarm[f"main-pg-{program}"]["dataRaw"])
            (etc / f"programs/{program}.py").write_text(text)
        password = PASSWORDS["rest_api"]
        (etc / "config/20-passwords.yml").write_text(
            f"restapi:\n  authentication: {{username: patroni, password: {password}}}\n"
        )
        with (self._directory / f"{ordinal}.log").open("ab") as log:
            self._running[ordinal] = subprocess.Popen(
                [*as_postgres(), *(self._text(ordinal, part) for part in (*spec["commands"], *spec["args"]))],
                env={
                    **{name: self._text(ordinal, value) for name, value in spec["env"].items()},
                    "PATH": f"{PATRONI.parent}:{POSTGRES_BIN}:{os.environ['PATH']}",
                },
                cwd=volume,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, ordinal: int, number: signal.Signals) -> None:
        """To Patroni alone."""
        os.kill(self._running[ordinal].pid, number)

    def kill(self, ordinal: int) -> None:
        """The end of Patroni and of the server that it started, which is in a session of its own."""
        process = self._running.pop(ordinal)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        pid_file = self._data(ordinal) / "postmaster.pid"
        if pid_file.exists():
            with suppress(ProcessLookupError):
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)

    def end(self, ordinal: int) -> float:
        """A planned stop: SIGTERM to what a container runs as process 1, as both platforms send it. Returns how many
        seconds it took."""
        process, began = self._running.pop(ordinal), time.monotonic()
        process.terminate()
        process.wait(60)
        return time.monotonic() - began

    def stop(self) -> None:
        for ordinal in list(self._running):
            self.kill(ordinal)

    def url(self, ordinal: int, path: str) -> str:
        """Of the REST interface."""
        return f"http://{self.address(ordinal)}:8008{path}"

    def state(self, ordinal: int) -> str:
        """What Patroni says of its server; an OSError when it does not answer."""
        try:
            return str(httpx.get(self.url(ordinal, "/patroni"), timeout=2, trust_env=False).json()["state"])
        except httpx.HTTPError as error:
            raise OSError(error) from None

    def address(self, ordinal: int) -> str:
        return f"{self._network}.{FIRST_ADDRESS + ordinal}"

    def log(self, ordinal: int) -> str:
        return (self._directory / f"{ordinal}.log").read_text()

    def healthcheck(self, ordinal: int) -> dict[str, Any]:
        """As the Swarm's service has it, and as `script` the same command for this member of loopback."""
        found = dict(self._spec(ordinal)["healthcheck"])
        kind, script = found["tests"]
        assert kind == "CMD-SHELL"
        script = self._text(ordinal, script).replace("/tmp/.", f"{self._directory}/{ordinal}.")
        return found | {"script": script.replace("127.0.0.1:", f"{self.address(ordinal)}:")}

    def probes(self) -> dict[str, dict[str, Any]]:
        """As the pods have them."""
        (container,) = self.stateful_set["spec"]["template"]["spec"]["containers"]
        return {name: container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}

    def _spec(self, ordinal: int) -> dict[str, Any]:
        spec: dict[str, Any] = self.swarm[f"main-pg-{ordinal}"]["taskSpec"]["containerSpec"]
        return spec

    def _data(self, ordinal: int) -> Path:
        return self._directory / f"volume-{ordinal}/pgdata"

    def _here(self, ordinal: int, clone_rate: str) -> dict[str, Any]:
        """What is not as in a container: programs, addresses, memory; and passwords, which no test needs to guess."""
        users = {"superuser": "postgres", "replication": "replicator", "rewind": "rewind"}
        authentication = {role: {"username": user, "password": PASSWORDS[role]} for role, user in users.items()}
        return {
            "restapi": {"listen": f"{self.address(ordinal)}:8008"},
            "postgresql": {
                "listen": f"{self.address(ordinal)}:5432",
                "bin_dir": str(POSTGRES_BIN),
                "pgpass": f"{self._directory}/{ordinal}.pgpass",
                "authentication": authentication,
                "parameters": {"unix_socket_directories": str(self._directory / f"volume-{ordinal}"),
                               "shared_buffers": "16MB"},
                "basebackup": [{"checkpoint": "fast"}, *([{"max-rate": clone_rate}] if clone_rate else [])],
            },
        }  # fmt: skip

    def _text(self, ordinal: int, text: str) -> str:
        """Addresses instead of names, own directories instead of the container's."""
        for other in range(COUNT):
            text = text.replace(f"prod-main-pg-{other}", self.address(other))
            text = text.replace(f"prod-main-etcd-{other}", self._store.address(other))
        mount = next(one for one in self._spec(ordinal)["mounts"] if one["type"] == "volume")
        text = text.replace("/etc/ha-patroni", str(self._directory / f"etc-{ordinal}"))
        return text.replace(mount["target"], str(self._directory / f"volume-{ordinal}"))


def as_postgres() -> list[str]:
    """Servers refuse root, and the user postgres may not be able to read this interpreter's files: in a user namespace
    root has the other's name."""
    user = pwd.getpwnam("postgres")
    return ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"]


def registered(kind: str) -> list[Recorded]:
    """What the stack renders on a platform."""
    document = {"platform": PLATFORMS[kind], "databases": {"main": {"members": COUNT, "volume": "500Gi"}}}
    stack = check(document, source="clone", secret_names=frozenset())
    return render(lambda _: compose(StackInput(source="clone", stack=stack, secrets={}), stack_name="prod"))
