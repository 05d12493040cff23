"""The members of a cluster as they are rendered, run as real processes on loopback, each at an address of its own."""

import base64
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from redis.cluster import ClusterNode, RedisCluster

from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.live.require import refuse
from tests.loopback import own_network
from tests.mock_engine import SECRET_MARK, Recorded, render
from tests.rendered.issued import issued, with_certificates
from tests.stacks.fixtures import DIRECTORY, settings_of

STACK = DIRECTORY / "ok/prod-on-swarm.yaml"
PORT = 6379
Member = tuple[int, int]
"""Its shard, and its number in it."""


class Cluster:
    """The cluster `keys`. Members are known by name, in an /etc/hosts of their own (a mount namespace each), and to
    this process by `monkeypatch`. Each has a new address at every start, as containers of a Swarm have, and a name
    `named_after` seconds after it; whoever connects to an old address is refused."""

    def __init__(self, directory: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        if os.geteuid() != 0:
            refuse("needs root: each member has an /etc/hosts of its own")
        self.directory, self.named_after = directory, 0.0
        self._network, self._next = own_network(), 0
        self._addresses: dict[Member, str] = {}
        self._named: set[Member] = set()
        self._lock = threading.Lock()
        self._running: dict[Member, subprocess.Popen[bytes]] = {}
        self._timers: list[threading.Timer] = []
        self._hosts, self._switch = directory / "hosts", directory / "nsswitch.conf"
        self._switch.write_text("hosts: files\n")
        self._write_names()
        self.change(settings)
        asked = socket.getaddrinfo

        def by_name(host: Any, *others: Any, **more: Any) -> Any:
            if str(host).startswith("prod-keys-"):
                names = {self.host(one): self._addresses[one] for one in self._named}
                if host not in names:
                    raise socket.gaierror(socket.EAI_NONAME, f"{host} is gone")
                host = names[host]
            return asked(host, *others, **more)

        monkeypatch.setattr(socket, "getaddrinfo", by_name)

    def change(self, settings: dict[str, Any]) -> None:
        """The files and variables of these settings, for the next start of each member."""
        document, _ = settings_of(STACK)
        document = {
            "platform": document["platform"],
            "images": document.get("images", {}),
            "clusters": {"keys": settings},
        }
        stack = check(document, source=STACK.name, secret_names=frozenset())
        given = StackInput(source=STACK.name, stack=stack, secrets={})
        recorded = render(lambda _: compose(given, stack_name="prod"))
        self.found: dict[str, Any] = {one.name: one.inputs for one in recorded if one.type.startswith("docker:")}
        found = (re.fullmatch(r"keys-redis-(\d+)-(\d+)", name) for name in self.found)
        self.members: list[Member] = sorted((int(one[1]), int(one[2])) for one in found if one)
        self.ca = self.directory / "ca.pem" if settings.get("tls") else None
        self._real = self._issued(recorded) if self.ca else {}
        if self.ca:
            self.ca.write_text(self._text("keys-redis-ca"))
        lines = self.secret("keys-redis-users").splitlines()
        self.passwords = {words[1]: words[3][1:] for line in lines if len(words := line.split()) > 3}

    def _issued(self, recorded: list[Recorded]) -> dict[str, str]:
        certain = [one for one in recorded if one.name.startswith("keys-") or one.type.startswith("tls:")]
        return issued(certain, name=lambda text: text, addresses=(), known={})

    def secret(self, name: str) -> str:
        """The value of a secret file."""
        data = self.found[name]["data"]
        return base64.b64decode(data[SECRET_MARK] if isinstance(data, dict) else data).decode()

    def _text(self, name: str) -> str:
        return with_certificates(self.secret(name), self._real)

    # One member

    def host(self, member: Member) -> str:
        return f"prod-keys-redis-{member[0]}-{member[1]}"

    def member(self, host: str) -> Member:
        shard, number = host.split("-")[-2:]
        return int(shard), int(number)

    def volume(self, member: Member) -> Path:
        return self.directory / f"volume-{member[0]}-{member[1]}"

    def log(self, member: Member) -> str:
        return (self.directory / f"log-{member[0]}-{member[1]}").read_text()

    def start(self, member: Member) -> None:
        """Runs the start script with the rendered variables and files, at another address than before."""
        self._next += 1
        address = self._addresses[member] = f"{self._network}.{self._next}"
        service = f"keys-redis-{member[0]}-{member[1]}"
        spec = self.found[service]["taskSpec"]["containerSpec"]
        place = self.directory / f"etc-{member[0]}-{member[1]}"
        self._mount(place, f"keys-redis-{member[0]}", address, self.volume(member), spec["env"]["HA_VOLUME"])
        self.volume(member).mkdir(exist_ok=True)
        env = {name: value.replace("/etc/ha-redis", str(place)) for name, value in spec["env"].items()}
        env |= {
            "HA_VOLUME": str(self.volume(member)),
            "HA_HOST": self.host(member),
            "HA_HOME_SECONDS": self.home_seconds,
        }
        with (self.directory / f"log-{member[0]}-{member[1]}").open("ab") as log:
            self._running[member] = subprocess.Popen(
                self._named_there("sh", str(place / "start.sh")),
                env={"PATH": os.environ["PATH"], **env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        timer = threading.Timer(self.named_after, self._is_known, (member,))
        self._timers.append(timer)
        timer.start()

    home_seconds = "3"
    """How long a shard's home must be well before it leads again: shorter here."""

    def kill(self, member: Member) -> None:
        process = self._running.pop(member)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._forget_name(member)

    def stop_one(self, member: Member) -> None:
        """As a platform stops a container: the script alone is told. Returns when all of it has ended."""
        process = self._running.pop(member)
        process.terminate()
        process.wait(120)
        self._forget_name(member)

    def lose(self, member: Member) -> None:
        """Killed, and its volume is gone."""
        self.kill(member)
        shutil.rmtree(self.volume(member))

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for member in list(self._running):
            self.kill(member)

    # All of them

    def start_all(self) -> None:
        for member in self.members:
            self.start(member)

    def form(self, seconds: float = 180) -> str:
        """Runs the job to its end; returns what it said."""
        spec = self.found["keys-form"]["taskSpec"]["containerSpec"]
        place = self.directory / "etc-form"
        place.mkdir(exist_ok=True)
        for name in ("form", "asking"):
            text = self.found[f"keys-form-{name}"]["dataRaw"].replace("/etc/ha-redis", str(place))
            (place / f"{name}.sh").write_text(text)
        (place / "password").write_text(self.secret("keys-mover-password"))
        if self.ca:
            shutil.copy(self.ca, place / "ca.pem")
        env = {name: value.replace("/etc/ha-redis", str(place)) for name, value in spec["env"].items()}
        done = subprocess.run(
            self._named_there("sh", str(place / "form.sh")),
            env={"PATH": os.environ["PATH"], **env},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def wait_whole(self, seconds: float = 300) -> None:
        """Everybody hears everybody, and each shard is led from its home by one whom all others follow."""
        try:
            wait_for("the cluster is whole", self._whole, seconds=seconds)
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *map(self._told, self.members)])) from None

    def _told(self, member: Member) -> str:
        """What there is to see of a member that is not in its place."""
        try:
            seen = self.ask(member, "cluster", "nodes")
        except OSError as error:
            seen = str(error)
        return f"{self.host(member)} at {self._addresses[member]}:\n{seen}\n{self.log(member)[-1500:]}"

    def _whole(self) -> bool:
        for member in self.members:
            told = self.ask(member, "cluster", "info")
            if "cluster_state:ok" not in told or f"cluster_known_nodes:{len(self.members)}" not in told:
                return False
            replication = self.ask(member, "info", "replication")
            if ("role:master" if member[1] == 0 else "master_link_status:up") not in replication:
                return False
        return True

    def leader(self, shard: int) -> Member | None:
        """Who leads it, as it says itself."""
        for member in self.members:
            if member[0] == shard and member in self._running and self.slots(member):
                return member
        return None

    def slots(self, member: Member) -> int:
        """That it leads itself."""
        for line in self.ask(member, "cluster", "nodes").splitlines():
            words = line.split()
            if "myself" in words[2]:
                ranges = [word.split("-") for word in words[8:] if not word.startswith("[")]
                return sum(int(one[-1]) - int(one[0]) + 1 for one in ranges)
        return 0

    def ask(self, member: Member, *command: str, user: str = "ha_member") -> str:
        """What redis-cli prints; an OSError when nobody answers."""
        tls = ("--tls", "--cacert", str(self.ca)) if self.ca else ()
        done = subprocess.run(
            ["redis-cli", *tls, "--user", user, "-h", self._addresses[member], *command],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": self.passwords[user]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise OSError(done.stderr or done.stdout)
        return done.stdout.strip()

    def client(self) -> "RedisCluster":
        """As an application has it."""
        tls: dict[str, Any] = {}
        if self.ca:
            tls = {"ssl": True, "ssl_ca_certs": str(self.ca), "ssl_check_hostname": True}
        nodes = [ClusterNode(self.host(member), PORT) for member in self.members]  # type: ignore[no-untyped-call]
        return RedisCluster(
            startup_nodes=nodes,
            username="ha_client",
            password=self.passwords["ha_client"],
            socket_timeout=2,
            **tls,
        )

    def _mount(self, place: Path, word: str, address: str, volume: Path, mounted: str) -> None:
        """What the member mounts: the directory and the listening address are its own."""
        place.mkdir(exist_ok=True)
        for name in ("start", "asking", "watch", "ready", "hand-over"):
            text = self.found[f"keys-redis-{name}"]["dataRaw"].replace("/etc/ha-redis", str(place))
            _write(place / f"{name.replace('-', '_')}.sh", text.replace("127.0.0.1", address))
        config = self.found["keys-redis-config"]["dataRaw"].replace("/etc/ha-redis", str(place))
        config = config.replace("bind * -::*", f"bind {address}\nbind-source-addr {address}")
        (place / "redis.conf").write_text(config.replace(f"dir {mounted}\n", f"dir {volume}\n"))
        (place / "auth.conf").write_text(self.secret("keys-redis-auth").replace("/etc/ha-redis", str(place)))
        (place / "users.acl").write_text(self.secret("keys-redis-users"))
        (place / "password").write_text(self.secret("keys-member-password"))
        if self.ca:
            shutil.copy(self.ca, place / "ca.pem")
            (place / "identity.pem").write_text(self._text(f"{word}-identity"))

    def _named_there(self, *command: str) -> list[str]:
        mounts = f"mount --bind {self._hosts} /etc/hosts; mount --bind {self._switch} /etc/nsswitch.conf"
        return ["unshare", "--mount", "sh", "-ec", f"{mounts}; exec {shlex.join(command)}"]

    def _is_known(self, member: Member) -> None:
        with self._lock:
            self._named.add(member)
            self._write_names()

    def _forget_name(self, member: Member) -> None:
        with self._lock:
            self._named.discard(member)
            self._write_names()

    def _write_names(self) -> None:
        """In place: it is mounted."""
        text = "".join(f"{self._addresses[one]} {self.host(one)}\n" for one in sorted(self._named))
        with self._hosts.open("r+" if self._hosts.exists() else "w") as file:
            file.write(text)
            file.truncate()


def _write(path: Path, text: str) -> None:
    """A script that runs is read as it goes."""
    if not path.exists() or path.read_text() != text:
        path.unlink(missing_ok=True)
        path.write_text(text)
