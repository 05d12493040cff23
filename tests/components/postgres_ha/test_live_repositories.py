"""Backups over SFTP and on a volume: a real SSH server, a directory as the volume, a real PostgreSQL server and the
real pgBackRest, with what is rendered for members and the programs that they run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.copies.files.copies_repository import Copy, Repository
from components.postgres_ha.files.dump_store import Store
from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.components.postgres_ha.patroni_members import as_postgres
from tests.live import trixie
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.live.require import refuse, require_programs
from tests.loopback import own_network
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, text
from tests.repository_places import SSHD, Place, SftpServer, SharedDirectory
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

_FILES = REPOSITORY / "components/postgres_ha/files"
_CONFIGURATION = "main-pg-backups-pgbackrest"
_MOUNTED = "/etc/ha-patroni/backups"
_PASSPHRASE = "generated-offsite-passphrase"


class Server:
    """One server that archives into the repository `place`, with the files that a member would have."""

    def __init__(self, directory: Path, place: Place) -> None:
        self.place = place
        self._directory = directory
        self._volume, self._etc = directory / "volume", directory / "etc"
        for path in (self._volume / "pgbackrest", self._etc, directory / "lib"):
            path.mkdir(parents=True)
        (directory / "lib/scripts").symlink_to(_FILES)
        found = _rendered(place)
        service = next(one for one in found if one.name == "main-pg-0")
        spec: dict[str, Any] = service.inputs["taskSpec"]["containerSpec"]
        data = next(one["target"] for one in spec["mounts"] if one["source"] == "prod-main-pg-0")
        told = text(found, _CONFIGURATION)
        for theirs, here in {
            "/var/lib/ha-repositories/offsite": place.store,
            f"{data}/": f"{self._volume}/",
            "/tmp/pgbackrest": directory / "locks",
            "socket-path=/tmp": f"socket-path={self._volume}",
            _MOUNTED: self._etc,
        }.items():
            told = told.replace(theirs, str(here))
        self.configuration = self._etc / "pgbackrest.conf"
        self.configuration.write_text(told)
        for one in spec["secrets"]:
            name = Path(one["fileName"]).name
            if name.startswith("repo"):
                assert one["fileName"] == f"{_MOUNTED}/{name}"
                (self._etc / name).write_text(text(found, one["secretName"].rpartition("-")[0]))

    @property
    def data(self) -> Path:
        return self._volume / "pgdata"

    @property
    def env(self) -> dict[str, str]:
        """Of all programs."""
        return {
            "PATH": f"{POSTGRES_BIN}:{os.environ['PATH']}",
            "PGBACKREST_CONFIG": str(self.configuration),
            "PYTHONPATH": str(self._directory / "lib"),
        }

    def begin(self) -> None:
        """A new cluster, which archives."""
        self._run("initdb", "-D", str(self.data), "--username=postgres", "--auth=trust", "--no-sync")
        self.start()

    def start(self) -> None:
        """Returns when it answers."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._volume),
            "archive_mode": "on",
            "archive_command": f"sh {_FILES}/archive_push.sh main {self._volume}/pgbackrest %p",
            "fsync": "off",
            "shared_buffers": "16MB",
        }
        line = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._directory / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*as_postgres(), str(POSTGRES_BIN / "postgres"), "-D", str(self.data), *line],
                env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for("the server answers", lambda: self.sql("SELECT 1") == "1", seconds=120, every=0.3)

    def stop(self) -> None:
        """At once."""
        if self._process.poll() is None:
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate")
        self._process.wait(60)

    def sql(self, sql: str) -> str:
        """What it answers, or why it does not."""
        line = [str(POSTGRES_BIN / "psql"), "-XAtq", "-h", str(self._volume), "-U", "postgres", "-c", sql]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
        return (done.stdout or done.stderr).strip()

    def archived(self) -> str:
        """Returns the name of the log's last file when it has arrived."""
        name = self.sql("SELECT pg_walfile_name(pg_switch_wal())")
        told = f"SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver"
        wait_for("it is archived", lambda: self.sql(told) == "t", seconds=120, every=0.3)
        return name

    def agent(self, program: str) -> str:
        """What a program prints that has `repositories` and `files`, as a member's agent has them."""
        lines = (
            "import json; from pathlib import Path",
            "from scripts.backup_repository import Failed, Repositories",
            "from scripts.backup_restore import Files, Target",
            "repositories = Repositories('main', ['offsite'])",
            f"files = Files(Path('{self.data}'), '{POSTGRES_BIN}', Path('{self._volume}/pgbackrest'))",
            program,
        )
        return self._run(sys.executable, "-c", "\n".join(lines))

    def _run(self, program: str, *line: str) -> str:
        path = program if "/" in program else str(POSTGRES_BIN / program)
        with (self._directory / "said").open("w+") as out:  # its server keeps what it inherits
            done = subprocess.run(
                [*as_postgres(), path, *line],
                env=self.env, cwd=self._volume, stdout=out, stderr=subprocess.STDOUT, timeout=600, check=False,
            )  # fmt: skip
            out.seek(0)
            said = out.read()
        assert done.returncode == 0, said
        return said


def _rendered(place: Place) -> list[Recorded]:
    document = {
        "platform": PLATFORMS["swarm"],
        "images": {"source": "sandbox"},
        "volumes": place.volumes("swarm"),
        "repositories": {"offsite": place.repository},
        "databases": {"main": {"members": 1, "volume": "1Gi", "backups": {"repositories": ["offsite"]}}},
    }
    secrets: dict[str, Any] = dict(place.secrets)
    stack = check(document, source="t", secret_names=frozenset(secrets), secret_values=secrets)
    return render(lambda _: compose(StackInput(source="t", stack=stack, secrets=secrets), stack_name="prod"))


@pytest.fixture(scope="module", params=["sftp", "volume"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_programs("ssh-keygen", "unshare", SSHD, packages="Debian packages openssh-server, util-linux")
    if not (POSTGRES_BIN / "postgres").exists():
        refuse("not here: postgresql-15 (a Debian package)")
    with pytest.MonkeyPatch.context() as patch:
        # This machine's own may be older than SFTP in pgBackRest.
        programs = tmp_path_factory.mktemp("programs")
        trixie.on_path(programs, "pgbackrest", trixie.pgbackrest())
        patch.setenv("PATH", str(programs), prepend=":")
        directory = tmp_path_factory.mktemp(request.param)
        sftp = request.param == "sftp"
        place: Place = SftpServer(directory, f"{own_network()}.41") if sftp else SharedDirectory(directory)
        one = Server(tmp_path_factory.mktemp("main"), place)
        place.start()
        try:
            one.begin()
            patch.setenv("PGBACKREST_CONFIG", str(one.configuration))
            yield one
        finally:
            one.stop()
            place.kill()


def test_a_lost_server_is_restored_with_the_log_to_its_end(server: Server) -> None:
    server.sql("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
    server.agent("repositories.prepare(); repositories.take('full', 'offsite')")
    (backup,) = json.loads(server.agent("print(json.dumps([one._asdict() for one in repositories.backups()[0]]))"))
    assert (backup["kind"], backup["repository"]) == ("full", "offsite")
    server.sql("INSERT INTO orders VALUES (1001)")
    name = server.archived()
    store = server.place.store
    assert list(store.glob(f"prod/archive/main/15-1/*/{name}-*")), f"{name} arrived"
    kept = [path for path in store.rglob("*") if path.is_file()]
    assert kept
    assert all(path.read_bytes()[:8] == b"Salted__" for path in kept), "encrypted, whatever it is"
    server.stop()
    shutil.rmtree(server.data)
    server.agent("files.restore(repositories, Target())")
    server.start()
    assert server.sql("SELECT count(*), max(id) FROM orders") == "1001|1001"


def test_copies_of_other_stores_go_the_same_way(server: Server) -> None:
    repository, label = Repository("sessions", _PASSPHRASE), "20260101-023000"
    assert repository.copies() == []
    content = b"REDIS0011" + bytes(range(256)) * 3000
    upload = repository.put(label)
    upload.write(content)
    copy = Copy(label, 1.0, 2.0, len(content), upload.end(), {"before": 1})
    repository.complete(copy)
    repository.judge(copy := copy._replace(verified=5.0, restore_seconds=0.5))
    assert Repository("sessions", _PASSPHRASE).copies() == [copy]
    assert b"".join(repository.read(copy)) == content
    half = repository.put("20260102-023000")
    half.write(b"half" * 100_000)
    half.abandon()
    assert repository.copies() == [copy], "what was cut is no copy"
    later = copy._replace(label="20260103-023000")
    whole = repository.put(later.label)
    whole.write(content)
    assert whole.end() == copy.sha256
    repository.complete(later)
    assert repository.remove_old([*repository.copies(), later._replace(verified=6.0)], 1)
    assert [path.name for path in (server.place.store / "prod/copies/sessions").iterdir()] == [later.label]


@pytest.mark.usefixtures("server")
def test_dumps_go_the_same_way() -> None:
    dumps, label = Store("main"), "20260101-020000Z"
    written = dumps.write(label, "app.dump", ["printf", "a dump"], dict(os.environ))
    assert dumps.read(label, "app.dump", ["cat"]) == written
    assert dumps.complete() == []
    dumps.finish({"label": label, "files": {"app": written}})
    assert dumps.complete() == [{"label": label, "files": {"app": written}}]
    dumps.remove(label)
    assert dumps.labels() == []


@pytest.mark.parametrize("server", ["sftp"], indirect=True)
def test_a_server_with_other_keys_gets_nothing(server: Server) -> None:
    place = server.place
    assert isinstance(place, SftpServer)
    before = sorted(place.store.rglob("*"))
    place.become_another()
    try:
        said = server.agent("try: repositories.take('full', 'offsite')\nexcept Failed as failed: print(failed)")
        assert "known hosts failure" in said
        assert "mismatch" in said
        assert sorted(place.store.rglob("*")) == before
    finally:
        place.return_as_itself()
    server.agent("repositories.take('incremental', 'offsite')")
