"""A database with backups on loopback, as it is rendered: members, their store, and a real S3 server."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import PASSWORDS, Patronis, as_postgres
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.loopback import own_network
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, text
from tests.s3_server import S3Server

_PORT = 8010
DRILL = 9
"""The number of its directories, beside the members'."""
_NEVER = "0 0 1 1 *"


class BackedUp(Patronis):
    """Members with the rendered agent. `further`: other databases of the stack."""

    further: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, directory: Path, store: Store, server: S3Server) -> None:
        self._server = server
        backups = {"repositories": ["offsite"], "full": _NEVER, "incremental": None, "queue": "128Mi"}
        super().__init__(directory, store, backups=backups, dumps={"repository": "offsite", "at": _NEVER})

    def rendered(self, kind: str) -> list[Recorded]:
        document = {
            "platform": PLATFORMS[kind],
            "images": {"source": "sandbox"},
            "repositories": {"offsite": self._server.repository},
            "databases": {"main": {"members": COUNT, "volume": "1Gi", **self._main}, **self.further},
        }
        values = self._server.secrets
        stack = check(document, source="backups", secret_names=frozenset(values))
        given = StackInput(source="backups", stack=stack, secrets=values)  # type: ignore[arg-type]
        return render(lambda _: compose(given, stack_name="prod"))

    def secret_files(self, ordinal: int) -> dict[str, str]:
        configuration = text(self.found, f"{self.name}-pg-backups-pgbackrest")
        if ordinal == DRILL:  # a broken file is read again twice, the last time after 15 s
            configuration = configuration.replace("[global]", "[global]\njob-retry=0")
        return {
            "backups/pgbackrest.conf": self._text(ordinal, configuration),
            "backups/password": PASSWORDS["backups"],
            "backups/repo1-ca.pem": self._server.ca,
        }

    def backups(self, ordinal: int) -> dict[str, Any]:
        """What the agent says."""
        found: dict[str, Any] = self._asked(ordinal, "/backups").json()
        return found

    def metrics(self, ordinal: int) -> dict[str, float]:
        """By series."""
        lines = (line.rpartition(" ") for line in self.page(ordinal).splitlines())
        return {name: float(value) for name, _, value in lines}

    def page(self, ordinal: int) -> str:
        """The same as Prometheus gets it."""
        return self._asked(ordinal, "/metrics").text

    def order(self, *line: str) -> tuple[int, str]:
        """As a person's command gives it: exit code, and what it says."""
        place = self._directory / "job"
        wanted = {"members": {f"main-pg-{one}": self.address(one) for one in range(COUNT)}}
        (place / "members.json").write_text(json.dumps(wanted))
        done = subprocess.run(
            [sys.executable, "-m", "scripts.backup_orders", place / "members.json", place / "passwords.json", *line],
            env={"PYTHONPATH": str(place), "PATH": os.environ["PATH"]},
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def dump(self, *line: str, **told: Any) -> tuple[int, str]:
        """What the rendered schedule of dumps runs, or an order: exit code, and what it says."""
        spec, directory = self.swarm["main-dumps-clock-0"]["taskSpec"]["containerSpec"], "/etc/ha-dumps"
        place = self._directory / "dumps"
        members = {f"main-pg-{one}": self.address(one) for one in range(COUNT)}
        texts = {path: content for path, content in self.files(spec, 0).items() if path.startswith(directory)}
        own = json.loads(texts[f"{directory}/dumps.json"]) | {"members": members, "bin": str(POSTGRES_BIN)}
        texts |= {
            f"{directory}/dumps.json": json.dumps(own | told),
            f"{directory}/passwords.json": json.dumps({"app": "owner"}),
            f"{directory}/pgbackrest.conf": text(self.found, "main-dumps-pgbackrest"),
            f"{directory}/repo1-ca.pem": self._server.ca,
            f"{directory}/ca.pem": self.certificate("ca"),
        }
        for path, content in texts.items():
            here = Path(path.replace(directory, str(place)))
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text(content.replace(directory, str(place)))
        assert spec["commands"][-5:] == ["python3", "-m", "scripts.dump", directory, "take"]
        variables = {name: value.replace(directory, str(place)) for name, value in spec["env"].items()}
        done = subprocess.run(
            [sys.executable, "-m", "scripts.dump", str(place), *line],
            env=variables | {"PATH": os.environ["PATH"]},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def start_drills(self) -> None:
        """Runs the rendered drill, which looks once a second."""
        spec = self._spec(DRILL)
        (self._directory / f"volume-{DRILL}").mkdir(exist_ok=True)
        texts = self.files(spec, DRILL) | {
            f"/etc/ha-patroni/{path}": content for path, content in self.secret_files(DRILL).items()
        }
        for path, content in texts.items():
            here = Path(self._text(DRILL, path))
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text(content)
        told = Path(self._text(DRILL, "/etc/ha-patroni/backups/verify.json"))
        members = {f"main-pg-{one}": self.address(one) for one in range(COUNT)}
        told.write_text(json.dumps(json.loads(told.read_text()) | {"look": 1, "members": members}))
        line = [self._text(DRILL, part) for part in (*spec["commands"][1:], *spec["args"])]
        with (self._directory / "drill.log").open("ab") as log:
            self._running[DRILL] = subprocess.Popen(
                [*as_postgres(), sys.executable, *line],
                env={
                    **{name: self._text(DRILL, value) for name, value in spec["env"].items()},
                    "PATH": f"{POSTGRES_BIN}:{os.environ['PATH']}",
                },
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def drill_log(self) -> str:
        return (self._directory / "drill.log").read_text()

    def as_superuser(self, ordinal: int, sql: str) -> str:
        """What the server answers by its socket."""
        socket = str(self._directory / f"volume-{ordinal}")
        line = [*as_postgres(), str(POSTGRES_BIN / "psql"), "-XAtq", "-h", socket, "-U", "postgres", "-c", sql]
        done = subprocess.run(line, capture_output=True, text=True, timeout=90, check=False)
        return str(done.stdout or done.stderr).strip()

    def lose(self, ordinal: int) -> None:
        """Killed, and its volume is gone."""
        volume = self._directory / f"volume-{ordinal}"
        self.kill(ordinal)

        def gone() -> bool:
            shutil.rmtree(volume, ignore_errors=True)  # its server is still on its way out
            return not volume.exists()

        wait_for("the volume is gone", gone, seconds=300, every=0.2)

    def _asked(self, ordinal: int, path: str) -> httpx.Response:
        url = f"http://{self.address(ordinal)}:{_PORT}{path}"
        return httpx.get(url, auth=("backups", PASSWORDS["backups"]), timeout=60, trust_env=False)

    def _spec(self, ordinal: int) -> dict[str, Any]:
        if ordinal == DRILL:
            drill: dict[str, Any] = self.swarm["main-pg-verify-0"]["taskSpec"]["containerSpec"]
            return drill
        return super()._spec(ordinal)

    def _text(self, ordinal: int, text: str) -> str:
        volume = f"{self._directory}/volume-{ordinal}"
        text = text.replace("/tmp/pgbackrest", f"{volume}/locks").replace("socket-path=/tmp", f"socket-path={volume}")
        text = text.replace('"socket": "/tmp"', f'"socket": "{volume}"').replace(
            '"0.0.0.0"', f'"{self.address(ordinal)}"'
        )
        return super()._text(ordinal, text.replace("/usr/lib/postgresql/17/bin", str(POSTGRES_BIN)))


class Copy(BackedUp):
    """Members of the database `copy`, which begins as `main` was: with the rendered bootstrap."""

    name = "copy"
    first_address = 51

    def __init__(self, directory: Path, store: Store, server: S3Server, **copy: Any) -> None:
        self.further = {"copy": {"members": COUNT, "volume": "1Gi", **copy}}
        super().__init__(directory, store, server)

    def secret_files(self, ordinal: int) -> dict[str, str]:
        own = super().secret_files(ordinal) if "backups" in self.further["copy"] else {}
        configuration = text(self.found, "copy-pg-from-pgbackrest")
        return own | {
            "restore-from/pgbackrest.conf": self._text(ordinal, configuration),
            "restore-from/repo1-ca.pem": self._server.ca,
        }


class Site:
    """The database, its store and the repository's server."""

    def __init__(self, directory: Path) -> None:
        for part in ("etcd", "patroni", "s3"):
            (directory / part).mkdir()
        self.server = S3Server(directory / "s3", f"{own_network()}.40")
        self.store = Store(directory / "etcd")
        self.members = BackedUp(directory / "patroni", self.store, self.server)

    def start(self) -> None:
        """Returns when all replicas stream and the log is archived."""
        with ThreadPoolExecutor() as pool:
            for begun in (pool.submit(self.server.start), pool.submit(self.store.start_all)):
                begun.result()
        self.members.start(0)
        wait_for("member 0 leads", lambda: self.leader() == 0, seconds=300, every=0.2)
        self.configure(ttl=20, loop_wait=2, retry_timeout=5)
        for ordinal in range(1, COUNT):
            self.members.start(ordinal)
        self.wait_whole()
        self.members.apply_settings()
        self.configure(ttl=20, loop_wait=2, retry_timeout=5)

    def lose_everything(self) -> None:
        """Servers and store, with all their volumes; the first starts again. Returns when it leads."""
        for ordinal in range(COUNT):
            self.members.lose(ordinal)
            self.store.lose(ordinal)
        self.store.start_all()
        self.members.start(0)
        wait_for("member 0 leads", lambda: self.leader() == 0, seconds=300, every=0.2)

    def stop(self) -> None:
        self.members.stop()
        self.store.stop()
        self.server.kill()

    def leader(self) -> int | None:
        """Who has the leader lock, and says so itself."""
        return next((ordinal for ordinal in range(COUNT) if self.members.answers(ordinal, "/primary")), None)

    def led_by(self) -> int:
        """Who leads, when somebody does."""
        (found,) = wait_for("somebody leads", lambda: [one for one in [self.leader()] if one is not None], seconds=300)
        return found

    def configure(self, **changes: object) -> None:
        """Patroni's own timers, for a test that does not wait for them."""
        leader = self.led_by()
        answer = httpx.patch(
            self.members.url(leader, "/config"), json=changes, auth=("patroni", PASSWORDS["rest_api"]), trust_env=False
        )
        assert answer.status_code == 200, answer.text

    def wait_whole(self, seconds: float = 300) -> None:
        """Until one leads and the others stream."""
        wait_for("the cluster is whole", self._whole, seconds=seconds, every=0.3)

    def sql(self, sql: str) -> str:
        """What the primary answers."""
        leader = self.led_by()
        return self.members.login(leader, "app", "owner", "app", sql)

    def _whole(self) -> bool:
        leader = self.leader()
        if leader is None:
            return False
        try:
            told = httpx.get(self.members.url(leader, "/cluster"), timeout=5, trust_env=False).json()["members"]
        except httpx.HTTPError:
            return False
        return sum(one["state"] in ("running", "streaming") for one in told) == COUNT and all(
            one["role"] == "leader" or one["state"] == "streaming" for one in told
        )
