"""The members of a store as they are rendered, run as real processes on loopback."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.loopback import own_network
from tests.mock_engine import Recorded, render
from tests.rendered.issued import issued, with_certificates
from tests.rendered.texts import text
from tests.stacks.fixtures import REPOSITORY, settings_of

STACK = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
START = REPOSITORY / "components/postgres_ha/files/etcd_start.sh"
READY = REPOSITORY / "components/postgres_ha/files/etcd_ready.sh"
COUNT = 3


class Store:
    """Three members, each with an address and a directory of its own, and the certificates that are rendered."""

    def __init__(self, directory: Path, network: str = own_network(), first: int = 1) -> None:
        self._directory = directory
        self._addresses = {f"prod-main-etcd-{ordinal}": f"{network}.{first + ordinal}" for ordinal in range(COUNT)}
        self._found = _registered()
        self._specs = _specs(self._found)
        self._issue({name: name for name in ("ca", "chain", "identity", "client")})
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def addresses(self) -> tuple[str, ...]:
        """Of all that connect: a process without an address of its own comes from 127.0.0.1."""
        return (*self._addresses.values(), "127.0.0.1")

    def start(self, ordinal: int, **variables: str) -> None:
        """Runs the start script with the rendered arguments and variables."""
        arguments = [self._text(ordinal, argument) for argument in self._specs[f"main-etcd-{ordinal}"]["args"]]
        self._run(ordinal, ["sh", str(START), *arguments], self._env(ordinal) | variables)

    def start_all(self) -> None:
        """All members; returns when they are healthy."""
        for ordinal in range(COUNT):
            self.start(ordinal)
        self.wait_healthy(*range(COUNT))

    def start_without_certificates(self, ordinal: int) -> None:
        """As the version did that had none."""
        arguments = [self._text(ordinal, argument) for argument in self._specs[f"main-etcd-{ordinal}"]["args"]]
        plain = [argument.replace("https://", "http://") for argument in arguments]
        plain = [one for one in plain if not any(word in one for word in ("cert", "-ca-", "-key-", "metrics"))]
        self._run(ordinal, ["etcd", "--initial-cluster-state=new", *plain], {"PATH": os.environ["PATH"]})

    def _run(self, ordinal: int, command: list[str], env: dict[str, str]) -> None:
        self.volume(ordinal).mkdir(exist_ok=True)
        with (self._directory / f"{ordinal}.log").open("ab") as log:
            self._running[ordinal] = subprocess.Popen(
                command,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, ordinal: int) -> None:
        """SIGKILL of all that the member runs."""
        process = self._running.pop(ordinal)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    @contextmanager
    def frozen(self, ordinal: int) -> Iterator[None]:
        """It answers nobody, and no connection to it ends: as if its host were lost."""
        process = self._running[ordinal].pid
        os.killpg(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process, signal.SIGCONT)

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
        return f"https://{self.address(ordinal)}:2380"

    def has_ended(self, ordinal: int) -> bool:
        return self._running[ordinal].poll() is not None

    def ready(self, ordinal: int) -> bool:
        """What the readiness check says; its own address stands for localhost."""
        script = READY.read_text().replace("127.0.0.1", self.address(ordinal))
        return subprocess.run(["sh", "-c", script], env=self._env(ordinal), check=False).returncode == 0

    def healthy(self, ordinal: int) -> bool:
        return self._etcdctl(ordinal, "--command-timeout=2s", "endpoint", "health").returncode == 0

    def wait_healthy(self, *ordinals: int, seconds: float = 300) -> None:
        for ordinal in ordinals:
            wait_for(f"member {ordinal} is healthy", lambda n=ordinal: self.healthy(n), seconds=seconds)  # type: ignore[misc]

    def wait_ready(self, *ordinals: int, seconds: float = 300) -> None:
        for ordinal in ordinals:
            wait_for(f"member {ordinal} is ready", lambda n=ordinal: self.ready(n), seconds=seconds)  # type: ignore[misc]

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

    def lets_in(self, ordinal: int, *, scheme: str = "https", identity: str = "", port: int = 2379) -> bool:
        """Who reads a key."""
        done = self._etcdctl(
            ordinal,
            "--dial-timeout=2s",
            "--command-timeout=3s",
            "get",
            "any",
            scheme=scheme,
            identity=identity,
            port=port,
        )
        return done.returncode == 0

    def put(self, key: str, value: str) -> None:
        """By a client without certificates."""
        assert self._etcdctl(0, "put", key, value, scheme="http", identity="").returncode == 0

    def other_authority(self, name: str) -> None:
        """Another authority's certificate, with the same names, as `<name>.pem`."""
        self._issue({"identity": name})

    def _issue(self, files: Mapping[str, str]) -> None:
        """Of a new authority: what is rendered as the key, as `<value>.pem`."""
        real = issued(self._found, name=lambda host: self._addresses.get(host, host), addresses=self.addresses())
        for rendered, file in files.items():
            Path(self.pem(file)).write_text(with_certificates(text(self._found, f"main-etcd-{rendered}"), real))

    def pem(self, name: str) -> str:
        """Where the certificate is."""
        return str(self._directory / f"{name}.pem")

    def _etcdctl(
        self, ordinal: int, *command: str, scheme: str = "https", identity: str = "client", port: int = 2379
    ) -> subprocess.CompletedProcess[str]:
        """With the certificate of Patroni."""
        own = {"ETCDCTL_CERT": self.pem(identity), "ETCDCTL_KEY": self.pem(identity)} if identity else {}
        return subprocess.run(
            ["etcdctl", f"--endpoints={scheme}://{self.address(ordinal)}:{port}", *command],
            env={"PATH": os.environ["PATH"], "ETCDCTL_API": "3", "ETCDCTL_CACERT": self.pem("ca"), **own},
            capture_output=True,
            text=True,
            timeout=60,
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

    def _text(self, ordinal: int, said: str) -> str:
        """Addresses instead of names, own directories and sockets instead of the container's."""
        for name, address in self._addresses.items():
            said = said.replace(f"//{name}:", f"//{address}:")
        said = said.replace("//0.0.0.0:", f"//{self.address(ordinal)}:").replace("/etc/ha-etcd", str(self._directory))
        return said.replace(self._specs[f"main-etcd-{ordinal}"]["env"]["HA_VOLUME"], str(self.volume(ordinal)))


def _registered() -> list[Recorded]:
    settings, _ = settings_of(STACK)
    stack = check(settings, source=STACK.name, secret_names=frozenset())
    return render(lambda _: compose(StackInput(source=STACK.name, stack=stack, secrets={}), stack_name="prod"))


def _specs(found: list[Recorded]) -> dict[str, dict[str, Any]]:
    """Service name -> what its container gets."""
    return {
        one.name: one.inputs["taskSpec"]["containerSpec"]
        for one in found
        if one.name.startswith("main-etcd-") and one.type.endswith(":Service")
    }
