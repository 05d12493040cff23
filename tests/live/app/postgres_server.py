"""A Postgres of Debian's packages, by hand on loopback."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from drills.waiting import wait_for
from tests.loopback import free_port
from tests.rendered.programs import POSTGRES, program

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")


class Postgres:
    """One server with password authentication; its process may be stopped and started again."""

    def __init__(self, directory: Path) -> None:
        self.port, self.password = free_port(), secrets.token_hex(16)
        self._data, password_file = directory / "data", directory / "password"
        password_file.write_text(self.password)
        shutil.chown(password_file, "postgres")
        self._run("initdb", "-A", "scram-sha-256", "-U", "chat", f"--pwfile={password_file}", "-D", str(self._data))
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nmax_connections=30\n"
            )

    @property
    def url(self) -> str:
        """With the password."""
        return f"postgresql://chat:{self.password}@127.0.0.1:{self.port}/postgres?target_session_attrs=read-write"

    def start(self) -> None:
        """Returns when it accepts connections."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "280", "-l", str(self._data / "log"), "start")

    def configure(self, text: str) -> None:
        """Adds to its file, for `pg_file_settings` to judge: nothing is reloaded."""
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.write(text)

    def crash(self) -> None:
        """Ends without a checkpoint; returns when its process has ended."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        # pg_ctl looks for the file of the process, which goes first.
        wait_for("the end of the server", lambda: not _runs(pid), seconds=300, every=0.05)

    @contextmanager
    def session(self) -> Iterator[Callable[[str], list[Any]]]:
        """A function that runs a statement on one connection and returns its rows; open until the block ends."""
        loop = asyncio.new_event_loop()
        connection = loop.run_until_complete(asyncpg.connect(self.url))
        try:
            yield lambda statement: loop.run_until_complete(connection.fetch(statement))
        finally:
            loop.run_until_complete(connection.close())
            loop.close()

    @contextmanager
    def frozen_backends(self) -> Iterator[int]:
        """Every client connection silent, as if its host were lost; new ones work. Yields how many."""
        with self.session() as run:
            rows = run("SELECT pid FROM pg_stat_activity WHERE client_port > 0 AND pid <> pg_backend_pid()")
        pids = [row["pid"] for row in rows]
        stopped = [pid for pid in pids if _sent(pid, signal.SIGSTOP)]
        try:
            yield len(stopped)
        finally:
            for pid in stopped:
                _sent(pid, signal.SIGCONT)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(POSTGRES_BIN / program), *arguments],
            user="postgres",
            group="postgres",
            extra_groups=[],
            cwd=self._data.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=300,
        )


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as the block lasts; clients of libpq find its port."""
    program(POSTGRES, "postgresql-15")
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        shutil.chown(place, "postgres")
        server = Postgres(Path(place))
        server.start()
        patch.setenv("PGPORT", str(server.port))
        try:
            yield server
        finally:
            server.crash()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def _sent(pid: int, number: signal.Signals) -> bool:
    """False for a connection that was closed meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
