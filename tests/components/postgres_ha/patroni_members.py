"""The members of a database as they are rendered, run as real processes on loopback."""

import json
import os
import pwd
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.jobs import run_job
from tests.components.postgres_ha.members import COUNT, below, registered
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.live.require import refuse, require_programs
from tests.loopback import own_network
from tests.mock_engine import Recorded
from tests.rendered.issued import issued, with_certificates
from tests.rendered.texts import text

PATRONI = Path(sys.executable).with_name("patroni")
GRACE_SECONDS = 60
"""What a stop may take before a platform kills."""
PASSWORDS = {role: role for role in ("superuser", "replication", "rewind", "rest_api", "settings", "backups")}


def require_patroni(*programs: str, packages: str) -> None:
    """Refuse where Patroni with PostgreSQL, or one of the programs beside it, cannot run."""
    require_programs(*programs, packages=packages)
    if not (POSTGRES_BIN / "postgres").exists():
        refuse("not here: postgresql-15 (a Debian package)")
    if subprocess.run([*as_postgres(), PATRONI, "--version"], capture_output=True, check=False).returncode:
        refuse(f"{PATRONI} of requirements-dev.txt does not run in a user namespace")


class Patronis:
    """Three members that use `store`. Member n has the address `<network>.<n + first_address>`. `main`: keys of the
    database."""

    name = "main"
    """The database's."""
    first_address = 11

    def __init__(self, directory: Path, store: Store, network: str = own_network(), **main: Any) -> None:
        self._directory = directory
        self._store = store
        self._network = network
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._owner: str = main.get("owner", "app")
        self._circles: dict[str, dict[str, str]] = {}
        self.endpoints: tuple[str, ...] = ()
        """Addresses of proxies, for the servers' certificate."""
        self.pooler = ""
        """The address of one, where the database has some."""
        self.said = ""
        """By the settings job, the first time."""
        self._main = main
        self._encrypted: set[int] = set()
        """Whose REST API answers by TLS."""
        self.found = self.rendered("swarm")
        self.swarm = self._words()
        (self.stateful_set,) = (
            one.inputs
            for one in self.rendered("kubernetes")
            if one.name == f"{self.name}-pg" and one.type.endswith(":StatefulSet")
        )

    def rendered(self, kind: str) -> list[Recorded]:
        """What the stack renders on a platform."""
        return registered(kind, **self._main)

    def becomes(self, **main: Any) -> None:
        """Those that start from now on have these keys, too. Certificates stay as they are."""
        self._main |= main
        kept, self.found = self.found, self.rendered("swarm")
        self.swarm = self._words()
        self.found = kept

    def _words(self) -> dict[str, dict[str, Any]]:
        return {one.name: one.inputs for one in self.found if one.name.startswith(f"{self.name}-")}

    def start(
        self, ordinal: int, *, clone_rate: str = "", certificates: bool = True, tls: bool = True, circle: str = "own"
    ) -> None:
        """Runs the rendered command with the rendered files; a replica copies at most `clone_rate` a second. Without
        `certificates` and `tls`: as the versions did that had none, for the store and for PostgreSQL. Another `circle`
        is another authority's, with the same names."""
        spec = self._spec(ordinal)
        etc, volume = self._directory / f"etc-{ordinal}", self._directory / f"volume-{ordinal}"
        volume.mkdir(exist_ok=True)
        for path, content in self.files(spec, ordinal).items():
            here = Path(self._text(ordinal, path))
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text(content)
        own = self.secret_files(ordinal) | {
            "config/20-passwords.yml": "restapi:\n  authentication: "
            f"{{username: patroni, password: {PASSWORDS['rest_api']}}}\n",
            "config/30-here.yml": yaml.safe_dump(self._here(ordinal, clone_rate, certificates, tls)),
            "store/ca.pem": Path(self._store.pem("chain")).read_text(),
            "store/identity.pem": Path(self._store.pem("client")).read_text(),
            "tls/ca.pem": self.certificate("ca"),
            "tls/identity.pem": self.certificate("identity", circle),
            "settings_password": "settings",
            "exporter_password": "exporter",
        }
        if (told := etc / "programs/poolers.json").exists():
            given = {"host": self.pooler, "replicas": self.pooler, "psql": str(POSTGRES_BIN / "psql")}
            own["programs/poolers.json"] = json.dumps(json.loads(told.read_text()) | given)
            own["pooler_password"] = "console"
        if (release := etc / "programs/release.json").exists():
            there = {"psql": str(POSTGRES_BIN / "psql"), "socket": str(volume)}
            own["programs/release.json"] = json.dumps(json.loads(release.read_text()) | there)
        for path, content in own.items():
            (etc / path).parent.mkdir(parents=True, exist_ok=True)
            (etc / path).write_text(content)
        self._encrypted -= {ordinal}
        if spec["env"].get("HA_REST_SCHEME") == "https":
            self._encrypted |= {ordinal}
        command = [self._text(ordinal, part) for part in (*spec["commands"], *spec["args"])]
        if not tls:
            at = next(place for place, part in enumerate(command) if part.endswith("encryption.py"))
            command = [*command[: at - 1], *command[at + 1 : -1], str(etc / "config")]
        with (self._directory / f"{ordinal}.log").open("ab") as log:
            self._running[ordinal] = subprocess.Popen(
                [*as_postgres(), *command],
                env={
                    **{name: self._text(ordinal, value) for name, value in spec["env"].items()},
                    "PATH": f"{PATRONI.parent}:{POSTGRES_BIN}:{os.environ['PATH']}",
                },
                cwd=volume,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def certificate(self, name: str, circle: str = "own") -> str:
        """A file with certificates as it is rendered, made real."""
        if circle not in self._circles:
            addresses = tuple(self.address(ordinal) for ordinal in range(COUNT))
            self._circles[circle] = issued(self.found, addresses=(*addresses, *self.endpoints))
        return with_certificates(text(self.found, f"{self.name}-pg-{name}"), self._circles[circle])

    def secret_files(self, ordinal: int) -> dict[str, str]:
        """Path below the members' directory -> text, of further secrets."""
        del ordinal
        return {}

    def files(self, spec: dict[str, Any], ordinal: int) -> dict[str, str]:
        """Path in the container -> text, of the configuration files that a container has."""
        texts = {name: one["dataRaw"] for name, one in self.swarm.items() if "dataRaw" in one}
        names = {one["fileName"]: one["configName"].rpartition("-")[0] for one in spec["configs"]}
        return {path: self._text(ordinal, texts[name]) for path, name in names.items()}

    @property
    def job(self) -> Path:
        """Where the settings job's files are, after its first run."""
        return self._directory / "job"

    def apply_settings(self, *, sslmode: str = "verify-full") -> str:
        """What the settings job prints that is rendered; it must succeed."""
        done = self.settings_job(sslmode)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def settings_job(self, sslmode: str = "verify-full", **changed: Any) -> "subprocess.CompletedProcess[str]":
        """Runs the job that is rendered, with these parts of what it is told `changed`."""
        logins = json.loads(json.loads(text(self.found, f"{self.name}-pg-settings-passwords"))["roles"])
        roles = json.dumps(dict.fromkeys(logins, "role") | {self._owner: "owner"})
        passwords = {name: PASSWORDS[name] for name in ("settings", "rest_api", "backups")} | {"roles": roles}
        return self._job("settings", "/etc/ha-settings", self.job, passwords, sslmode, changed)

    def rotation_job(self, **changed: Any) -> "subprocess.CompletedProcess[str]":
        """The same of the job that ends a rotation."""
        passwords = {name: PASSWORDS[name] for name in ("settings", "rest_api")}
        place = self._directory / "job-rotated"
        return self._job("rotated", "/etc/ha-rotation", place, passwords, "verify-full", changed)

    def change(self, **main: Any) -> None:
        """Other keys of the database, for the next jobs."""
        self._main |= main
        self.found = self.rendered("swarm")
        self.swarm = self._words()

    def _job(
        self, suffix: str, mounted: str, place: Path, passwords: dict[str, str], sslmode: str, changed: dict[str, Any]
    ) -> "subprocess.CompletedProcess[str]":
        spec = self.swarm[f"{self.name}-pg-{suffix}"]["taskSpec"]["containerSpec"]
        certificates = {"ca.pem": self.certificate("ca")}
        if "HA_REST_TLS" in spec["env"]:
            certificates["identity.pem"] = self.certificate(f"{suffix}-identity")
        return run_job(
            spec, self.files(spec, 0), mounted=mounted, place=place, passwords=passwords,
            certificates=certificates, changed=changed, sslmode=sslmode,
        )  # fmt: skip

    def login(
        self, ordinal: int | str, user: str, password: str, database: str, sql: str = "SELECT 'in'", **more: str
    ) -> str:
        """What the server (or an address) answers over the network, or the reason why it lets nobody in."""
        host = ordinal if isinstance(ordinal, str) else self.address(ordinal)
        words = " ".join(f"{key}={value}" for key, value in ({"host": host, "dbname": database} | more).items())
        done = subprocess.run(
            [POSTGRES_BIN / "psql", "-XAtq", "-U", user, "-d", words, "-c", sql],
            env={"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "30"},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        return (done.stdout or done.stderr).strip()

    def signal(self, ordinal: int, number: signal.Signals) -> None:
        """To Patroni and to what hands over for it, not to the server, which is in a session of its own."""
        os.killpg(self._running[ordinal].pid, number)

    def kill(self, ordinal: int) -> None:
        """The end of Patroni and of the server that it started, which is in a session of its own."""
        process = self._running.pop(ordinal)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        pid_file = self._data(ordinal) / "postmaster.pid"
        if pid_file.exists():
            with suppress(ProcessLookupError):
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)

    @contextmanager
    def frozen(self, ordinal: int) -> Iterator[None]:
        """Nothing of the member runs, and nothing answers: as if its host were lost."""
        self._each(ordinal, signal.SIGSTOP)
        try:
            yield
        finally:
            self._each(ordinal, signal.SIGCONT)

    def _each(self, ordinal: int, number: int) -> None:
        """To every process of the member: Patroni's, and the server's, which is in a session of its own."""
        server = int((self._data(ordinal) / "postmaster.pid").read_text().split()[0])
        for pid in dict.fromkeys((*below(self._running[ordinal].pid), *below(server))):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self, ordinal: int) -> float:
        """A planned stop: SIGTERM to what a container runs as process 1, as both platforms send it. Returns how many
        seconds it took."""
        process, began = self._running.pop(ordinal), time.monotonic()
        process.terminate()
        process.wait(GRACE_SECONDS)
        return time.monotonic() - began

    def stop(self) -> None:
        for ordinal in list(self._running):
            self.kill(ordinal)

    def replaying(self, ordinal: int) -> int:
        """The process that replays what a replica receives."""
        server = (self._data(ordinal) / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        (pid,) = (pid for pid in children if b"startup" in Path(f"/proc/{pid}/cmdline").read_bytes())
        return int(pid)

    def url(self, ordinal: int, path: str) -> str:
        """Of the REST interface."""
        scheme = "https" if ordinal in self._encrypted else "http"
        return f"{scheme}://{self.address(ordinal)}:8008{path}"

    def rest(self, method: str, ordinal: int, path: str, *, seconds: float = 60, **more: Any) -> httpx.Response:
        """What the REST interface answers to the settings job's certificate. Raises httpx.HTTPError."""
        with httpx.Client(verify=self.context(), trust_env=False, timeout=seconds) as client:
            return client.request(method, self.url(ordinal, path), **more)

    def context(self, circle: str = "own", *, shows: str = "own") -> ssl.SSLContext | bool:
        """Trusts a circle's authority, and `shows` another one's certificate, or none."""
        if not self._encrypted:
            return True
        made = ssl.create_default_context(cadata=self.certificate("ca", circle))
        if shows:
            with tempfile.NamedTemporaryFile("w", dir=self._directory) as file:
                file.write(self.certificate("settings-identity", shows))
                file.flush()
                made.load_cert_chain(file.name)
        return made

    def answers(self, ordinal: int, path: str) -> bool:
        """With 200, on the REST interface, and soon: who is asked next may be the one."""
        with suppress(httpx.HTTPError):
            return self.rest("GET", ordinal, path, seconds=5).status_code == 200
        return False

    def asks(self, ordinal: int, port: int) -> str:
        """The address at this port to which Patroni sent something last. It keeps connections to former ones."""
        _, *children = below(self._running[ordinal].pid)
        line = ["ss", "-OHtnpi", "state", "established", f"dport = :{port}"]
        found = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
        own = [one for one in found if any(f"pid={pid}," in one for pid in children)]
        # `ss` leaves the time out while it is 0.
        last = min(own, key=lambda one: int(re.findall(r" lastsnd:(\d+)|$", one)[0] or 0))
        return last.split()[3].rpartition(":")[0]

    def state(self, ordinal: int) -> str:
        """What Patroni says of its server; an OSError when it does not answer."""
        try:
            return str(self.rest("GET", ordinal, "/patroni").json()["state"])
        except httpx.HTTPError as error:
            raise OSError(error) from None

    def address(self, ordinal: int) -> str:
        return f"{self._network}.{self.first_address + ordinal}"

    def volume(self, ordinal: int, path: str = "") -> Path:
        """A member's volume, or what is in it."""
        return self._directory / f"volume-{ordinal}" / path

    def own(self, ordinal: int, path: str) -> Path:
        """What the container has for itself."""
        return self._directory / f"own-{ordinal}" / path

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
        spec: dict[str, Any] = self.swarm[f"{self.name}-pg-{ordinal}"]["taskSpec"]["containerSpec"]
        return spec

    def _data(self, ordinal: int) -> Path:
        return self._directory / f"volume-{ordinal}/pgdata"

    def _here(self, ordinal: int, clone_rate: str, certificates: bool, tls: bool) -> dict[str, Any]:
        """What is not as in a container: programs, addresses, memory; and passwords, which no test needs to guess."""
        users = {"superuser": "postgres", "replication": "replicator", "rewind": "rewind"}
        authentication: dict[str, dict[str, str | None]] = {
            role: {"username": user, "password": PASSWORDS[role]} for role, user in users.items()
        }
        own: dict[str, Any] = {} if certificates else {"etcd3": dict.fromkeys(("protocol", "cacert", "cert"))}
        server: dict[str, str | None] = {}
        rules: dict[str, Any] = {}
        if not tls:
            own |= {"tags": {"encrypts": None}, "ctl": None}
            server = dict.fromkeys(("ssl", "ssl_cert_file", "ssl_key_file", "ssl_min_protocol_version"))
            for role in ("replication", "rewind"):
                authentication[role] |= dict.fromkeys(("sslmode", "sslrootcert"))
            rendered = yaml.safe_load((self._directory / f"etc-{ordinal}/config/10-cluster.yml").read_text())
            rules = {"pg_hba": [rule.replace("hostssl", "host") for rule in rendered["postgresql"]["pg_hba"]]}
        return own | {
            "restapi": {"listen": f"{self.address(ordinal)}:8008"},
            "postgresql": {
                "listen": f"{self.address(ordinal)}:5432",
                "bin_dir": str(POSTGRES_BIN),
                "pgpass": f"{self._directory}/{ordinal}.pgpass",
                "authentication": authentication,
                **rules,
                "parameters": {"unix_socket_directories": str(self._directory / f"volume-{ordinal}"),
                               "shared_buffers": "16MB", **server},
                "basebackup": [{"checkpoint": "fast"}, *([{"max-rate": clone_rate}] if clone_rate else [])],
            },
        }  # fmt: skip

    def _text(self, ordinal: int, text: str) -> str:
        """Addresses instead of names, own directories instead of the container's."""
        for other in range(COUNT):
            text = text.replace(f"prod-{self.name}-pg-{other}", self.address(other))
            text = text.replace(f"prod-{self.name}-etcd-{other}", self._store.address(other))
        mount = next(one for one in self._spec(ordinal)["mounts"] if one["type"] == "volume")
        # The socket's directory, as an argument of callbacks.
        text = text.replace(" /tmp /etc/ha-patroni", f" {self._directory}/volume-{ordinal} /etc/ha-patroni")
        text = text.replace("/tmp/ha-patroni", str(self._directory / f"own-{ordinal}"))
        text = text.replace("/etc/ha-patroni", str(self._directory / f"etc-{ordinal}"))
        return text.replace(mount["target"], str(self._directory / f"volume-{ordinal}"))


def as_postgres() -> list[str]:
    """Servers refuse root, and the user postgres may not be able to read this interpreter's files: in a user namespace
    root has the other's name."""
    user = pwd.getpwnam("postgres")
    return ["unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}"]
