"""The members and Sentinels of a cache as they are rendered, run as real processes on loopback."""

import base64
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Literal

from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.loopback import own_network
from tests.mock_engine import SECRET_MARK, Recorded, render
from tests.rendered.issued import issued, with_certificates
from tests.stacks.fixtures import REPOSITORY, settings_of

STACK = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
COUNT = 3
Server = Literal["redis", "sentinel"]
EVERYTHING = "generated-sessions-password"
"""The default user's password, as the mock engine makes it."""
PORTS: dict[Server, int] = {"redis": 6379, "sentinel": 26379}


class Group:
    """Three Redis and three Sentinels of the cache `name`. Member n of both has the address `<network>.<n + 1>`."""

    def __init__(self, directory: Path, settings: dict[str, Any], network: str = own_network()) -> None:
        self.directory = directory
        self._network = network
        self._master_name: str = settings.get("master_name", "main")
        self.ca: Path | None = directory / "ca.pem" if settings.get("tls") else None
        """The certificate of the group's authority, where it encrypts."""
        self.passwords: dict[Server, str] = {}
        """What the members and Sentinels are asked with; of a member that of its own user."""
        self.users: dict[Server, str] = {"sentinel": "default"}
        self.apps: dict[str, str] = {}
        """User of an application -> password."""
        self.own: dict[str, str] = {}
        """The same of the store's own parts."""
        self._running: dict[tuple[Server, int], subprocess.Popen[bytes]] = {}
        self._env: dict[Server, dict[str, str]] = {}
        self.change(settings)
        found = self.found
        self._proxy_text = found["sessions-rw-config"]["dataRaw"] if settings.get("endpoint") else ""
        self._proxy: subprocess.Popen[bytes] | None = None

    def start(self, server: Server, ordinal: int) -> None:
        """Runs the start script with the rendered variables and files."""
        self.volume(server, ordinal).mkdir(exist_ok=True)
        directory = self.directory / f"etc-{server}-{ordinal}"
        env = {name: value.replace("/etc/ha-redis", str(directory)) for name, value in self._env[server].items()}
        with (self.directory / f"{server}-{ordinal}.log").open("ab") as log:
            self._running[server, ordinal] = subprocess.Popen(
                self._run("sh", str(directory / "start.sh")),
                env={
                    "PATH": os.environ["PATH"],
                    **env,
                    "HA_VOLUME": str(self.volume(server, ordinal)),
                    "HA_HOST": self.host(server, ordinal),
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def set(self, server: Server, variable: str, value: str) -> None:
        """For the next starts."""
        self._env[server][variable] = value

    def start_all(self) -> None:
        """As a first start: the servers, then the Sentinels; returns when every replica follows the master."""
        for server in PORTS:
            for ordinal in range(COUNT):
                self.start(server, ordinal)
        self.wait_whole()

    def wait_whole(self, seconds: float = 300) -> None:
        """One master with two replicas that have what it has, and all Sentinels know each other and them."""
        wait_for("the group is whole", self._whole, seconds=seconds)

    def wait_calm(self) -> None:
        """After a failover. For a moment each Sentinel still counts what the others said of the former master, and its
        own word alone then deposes the new one."""

        def calm() -> bool:
            others = [self.ask("sentinel", ordinal, "sentinel", "sentinels", "main") for ordinal in range(COUNT)]
            return not any("master_down" in told for told in others)

        wait_for("no Sentinel counts an old word", calm, seconds=300)

    def kill(self, server: Server, ordinal: int) -> None:
        process = self._running.pop((server, ordinal))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop_one(self, server: Server, ordinal: int) -> None:
        """As a platform stops a container: the script alone is told. Returns when all of it has ended."""
        process = self._running.pop((server, ordinal))
        process.terminate()
        process.wait(180)

    def replace(self, *servers: Server) -> None:
        """Each member stops and starts again, one after the other, as a rolling change does it."""
        for server in servers:
            for ordinal in range(COUNT):
                self.stop_one(server, ordinal)
                self.start(server, ordinal)
                self.wait_whole()

    def kill_all(self) -> None:
        """Whatever runs of the group."""
        for server, ordinal in list(self._running):
            self.kill(server, ordinal)

    def says_or_waits(self, sentinel: int) -> bool:
        """Whether it names a master, or says that it waits until it knows one."""
        return "waiting" in self.log("sentinel", sentinel) or self.master(sentinel) >= 0

    def signal(self, server: Server, ordinal: int, number: signal.Signals) -> None:
        os.killpg(self._running[server, ordinal].pid, number)

    def lose(self, server: Server, ordinal: int) -> None:
        """Killed, and its volume is gone."""
        self.kill(server, ordinal)
        shutil.rmtree(self.volume(server, ordinal))

    def change(self, settings: dict[str, Any]) -> None:
        """The files and variables of these settings, for the next start of each member."""
        recorded = self.recorded(settings)
        self._recorded = recorded
        self.found = found = {one.name: one.inputs for one in recorded if one.type.startswith("docker:")}
        self._real = self._issued(recorded, {}) if settings.get("tls") else {}
        if self._real:
            (self.directory / "ca.pem").write_text(self.certificate("sessions-redis-ca"))
        for server in PORTS:
            self._prepare(server, found)

    def recorded(self, settings: dict[str, Any]) -> list[Recorded]:
        """What the cache `sessions` registers with these settings, and the stack's certificates."""
        document, _ = settings_of(STACK)
        document["caches"]["sessions"] = settings
        return rendered(document, {})

    def renew(self) -> None:
        """Another key and certificate of the same authority, for the next start of each."""
        name = "sessions-redis-identity"
        known = {stands: pem for stands, pem in self._real.items() if name not in stands}
        self._real |= self._issued([one for one in self._recorded if name in one.name], known)
        for server in PORTS:
            self._prepare(server, self.found)

    def start_proxy(self) -> None:
        """The write endpoint, at `address(8)`; it returns when it leads to the master."""
        path = self.directory / "haproxy.cfg"
        text = self.addresses(self._proxy_text).replace(" resolvers cluster init-addr none", "")
        text = text.replace("/etc/ha-proxy/ca.pem", str(self.ca))
        path.write_text(text.replace("bind :", f"bind {self.address(8)}:"))
        self._proxy = subprocess.Popen(
            ["haproxy", "-W", "-db", "-f", str(path)],
            env={"PATH": os.environ["PATH"], "REDIS_PASSWORD": self._probe_password},
        )
        wait_for("the write endpoint answers", lambda: self.ask("redis", 8, "ping") == "PONG", seconds=300)

    def retire(self, *, seconds: int, quiet: int) -> "subprocess.CompletedProcess[str]":
        """Runs the job that ends a rotation, as it is rendered."""
        spec = self.found["sessions-redis-rotated"]["taskSpec"]["containerSpec"]
        directory = self.directory / "etc-redis-0"
        script = directory / "retire_users.sh"
        text = self.found["sessions-redis-rotated-retire"]["dataRaw"]
        script.write_text(text.replace("/etc/ha-redis", str(directory)))
        told = {name: self.addresses(value) for name, value in spec["env"].items()}
        times = {"HA_SECONDS": str(seconds), "HA_QUIET": str(quiet), "HA_STOP": "0"}
        return subprocess.run(
            ["sh", str(script)], env={"PATH": os.environ["PATH"], **told, **times},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def stop(self) -> None:
        if self._proxy:
            self._proxy.terminate()
            self._proxy.wait(60)
        self.kill_all()

    def volume(self, server: Server, ordinal: int) -> Path:
        return self.directory / f"volume-{server}-{ordinal}"

    def file(self, server: Server, ordinal: int, name: str) -> Path:
        """A file that the member mounts."""
        return self.directory / f"etc-{server}-{ordinal}" / name

    def log(self, server: Server, ordinal: int) -> str:
        return (self.directory / f"{server}-{ordinal}.log").read_text()

    def address(self, ordinal: int) -> str:
        return f"{self._network}.{ordinal + 1}"

    def where(self, server: Server, ordinal: int) -> str:
        """The address that it has, or has at its next start."""
        del server
        return self.address(ordinal)

    def host(self, server: Server, ordinal: int) -> str:
        """What it calls itself, and others it."""
        return self.where(server, ordinal)

    def _ordinal(self, host: str) -> int:
        """Of the member that a Sentinel names so."""
        return int(host.rsplit(".", 1)[1]) - 1

    def _run(self, *command: str) -> list[str]:
        """The command as it is started."""
        return list(command)

    def master(self, sentinel: int = 0) -> int:
        """As a Sentinel sees it."""
        answer = self.ask("sentinel", sentinel, "sentinel", "get-master-addr-by-name", self._master_name)
        return self._ordinal(answer.split()[0])

    def ask(self, server: Server, ordinal: int, *command: str, login: tuple[str, str] | None = None) -> str:
        """What redis-cli prints; an OSError when nobody answers. `login`: a user and its password."""
        user, password = login or (self.users[server], self.passwords[server])
        done = subprocess.run(
            [
                "redis-cli",
                *self._tls(),
                "--user",
                user,
                "-h",
                self.where(server, ordinal),
                "-p",
                str(PORTS[server]),
                *command,
            ],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": password},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise OSError(done.stderr or done.stdout)
        return done.stdout.strip()

    def _tls(self) -> tuple[str, ...]:
        return ("--tls", "--cacert", str(self.ca)) if self.ca else ()

    def field(self, server: Server, ordinal: int, name: str) -> str:
        """One line of INFO; a LookupError where there is none."""
        for line in self.ask(server, ordinal, "info").splitlines():
            if line.startswith(f"{name}:"):
                return line.partition(":")[2]
        raise LookupError(f"{server} {ordinal} has no {name}")

    def _whole(self) -> bool:
        master = self.master()
        if self.field("redis", master, "role") != "master":
            return False
        offset = int(self.field("redis", master, "master_repl_offset"))
        for ordinal in set(range(COUNT)) - {master}:
            if self.field("redis", ordinal, "master_link_status") != "up":
                return False
            if int(self.field("redis", ordinal, "slave_repl_offset")) < offset:
                return False
        return all(
            self.master(sentinel) == master and f"slaves={COUNT - 1},sentinels={COUNT}" in self._known(sentinel)
            for sentinel in range(COUNT)
        )

    def _known(self, sentinel: int) -> str:
        return self.field("sentinel", sentinel, "master0")

    def _prepare(self, server: Server, found: dict[str, Any]) -> None:
        """Names become addresses, the mounted directory and the listening socket the member's own."""
        spec = found[f"sessions-{server}-0"]["taskSpec"]["containerSpec"]
        self._env[server] = {name: self.addresses(value) for name, value in spec["env"].items()}
        for ordinal in range(COUNT):
            directory = self.directory / f"etc-{server}-{ordinal}"
            directory.mkdir(parents=True, exist_ok=True)
            scripts = {"redis": ("masters", "watch", "hand-over"), "sentinel": ("masters", "watch", "fence")}[server]
            own = ("own-users",) if f"sessions-{server}-own-users" in found else ()
            for suffix in ("config", "start", "ready", *scripts, *own):
                text = found[f"sessions-{server}-{suffix}"]["dataRaw"]
                names = {"config": f"{server}.conf", "own-users": "users.sh"}
                name = names.get(suffix, f"{suffix.replace('-', '_')}.sh")
                text = self.addresses(text).replace("/etc/ha-redis", str(directory))
                where = self.where(server, ordinal)
                text = text.replace("127.0.0.1", where)
                text = text.replace(spec["env"]["HA_VOLUME"] + "\n", f"{self.volume(server, ordinal)}\n")
                text = text.replace("bind * -::*\n", "")
                if suffix == "config":
                    text += f"bind {where}\n"
                _write(directory / name, text)
            auth = secret(found, f"sessions-{server}-auth").replace("/etc/ha-redis", str(directory))
            auth = auth.replace(f"aclfile {spec['env']['HA_VOLUME']}/", f"aclfile {self.volume(server, ordinal)}/")
            if "sessions-rotation-password" in found:
                (directory / "rotation_password").write_text(secret(found, "sessions-rotation-password"))
            (directory / "auth.conf").write_text(auth)
            for name in ("ca", "identity") if self._real else ():
                (directory / f"{name}.pem").write_text(self.certificate(f"sessions-redis-{name}"))
            (directory / "users.acl").write_text(secret(found, "sessions-redis-users"))
            mounted = {"redis": "sessions-redis-password", "sentinel": "sessions-probe-password"}[server]
            (directory / "redis_password").write_text(secret(found, mounted))
            (directory / "sentinel_password").write_text(secret(found, "sessions-sentinel-password"))
        self.passwords[server] = secret(found, f"sessions-{server}-password")
        if server == "redis":
            self.users["redis"] = spec["env"]["HA_USER"]
            self._probe_password = secret(found, "sessions-probe-password")
            lines = secret(found, "sessions-redis-users").splitlines()
            logins = {words[1]: words[3][1:] for line in lines if len(words := line.split()) > 3}
            self.apps = {user: password for user, password in logins.items() if user.startswith("app-")}
            self.own = {user: password for user, password in logins.items() if user.startswith("ha_")}

    def certified(self) -> tuple[int, ...]:
        """The numbers of the addresses that certificates have."""
        return (*range(COUNT), 8)

    def _issued(self, recorded: list[Recorded], known: dict[str, str]) -> dict[str, str]:
        """New certificates, with the addresses of the members and the write endpoint."""
        where = tuple(self.address(ordinal) for ordinal in self.certified())
        return issued(recorded, name=self.addresses, addresses=where, known=known)

    def certificate(self, name: str) -> str:
        """A secret file with real certificates in it."""
        return with_certificates(secret(self.found, name), self._real)

    def addresses(self, text: str) -> str:
        """Names of members as addresses."""
        for server in PORTS:
            for ordinal in range(COUNT):
                text = text.replace(f"prod-sessions-{server}-{ordinal}", self.address(ordinal))
        return text


def _write(path: Path, text: str) -> None:
    """A script that runs is read as it goes."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def secret(found: dict[str, Any], name: str) -> str:
    """The value of a secret file."""
    data = found[name]["data"]
    return base64.b64decode(data[SECRET_MARK] if isinstance(data, dict) else data).decode()


def rendered(document: dict[str, Any], secrets: dict[str, str]) -> list[Recorded]:
    """What the cache `sessions` of this stack registers, and the stack's certificates."""
    stack = check(document, source=STACK.name, secret_names=frozenset(secrets))
    given = StackInput(source=STACK.name, stack=stack, secrets=secrets)  # type: ignore[arg-type]
    found = render(lambda _: compose(given, stack_name="prod"))
    return [one for one in found if one.name.startswith("sessions-") or one.type.startswith("tls:")]
