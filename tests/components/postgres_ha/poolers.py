"""A pooler as it is rendered, on loopback, and clients that keep their connections to it."""

import asyncio
import configparser
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import asyncpg

from components.postgres_ha.pauses import USER
from components.postgres_ha.pooler import pgbouncer_ini, userlist
from components.postgres_ha.pooler_exporter import USER as FIGURES
from components.postgres_ha.settings import PostgresSettings
from drills.waiting import wait_for
from tests.components.postgres_ha.cluster import POOLERS, PROXY, WAIT_SECONDS
from tests.components.postgres_ha.patroni_members import as_postgres
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.live.trixie import pgbouncer
from tests.stacks.fixtures import REPOSITORY

PROGRAM = REPOSITORY / "components/postgres_ha/files/pooler.sh"
CONSOLE_PASSWORD = "console"
_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)


class Pooler:
    """PgBouncer in front of the write endpoint at `PROXY`. `keys` are those of `pooler` in a stack file; `certificate`
    gives what its files `ca` and `identity` hold; `lease` is the longest pause in seconds."""

    def __init__(
        self,
        certificate: Callable[[str], str],
        directory: Path,
        number: int = 0,
        tls: Any = None,
        lease: int = 25,
        **keys: Any,
    ) -> None:
        self.address = POOLERS[number]
        self._certificate, self._lease = certificate, lease
        self._directory = directory
        keys = {"wait_timeout": f"{WAIT_SECONDS}s"} | keys
        self._settings = PostgresSettings.model_validate({"pooler": keys, "tls": tls or {}})
        self.written: dict[str, str] = {}
        """What stands in its configuration."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        wanted = self._settings.pooler
        assert wanted is not None
        text = pgbouncer_ini(self._settings, wanted, host=PROXY, console=USER)
        for old, new in (
            ("listen_addr = *", f"listen_addr = {self.address}"),
            ("unix_socket_dir = /tmp", f"unix_socket_dir = {self._directory}"),
            ("/etc/ha-pooler/users/userlist.txt", str(self._directory / "userlist.txt")),
            ("/etc/ha-pooler/tls", str(self._directory)),
        ):
            assert old in text
            text = text.replace(old, new)
        (self._directory / "pgbouncer.ini").write_text(text)
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        self.written = dict(parser["pgbouncer"])
        for name in ("ca", "identity"):
            (self._directory / f"{name}.pem").write_text(self._certificate(name))
        (self._directory / "userlist.txt").write_text(
            userlist(["app", USER, FIGURES], ["owner", CONSOLE_PASSWORD, "figures"])
        )
        program = PROGRAM.read_text()
        assert "/tmp" in program
        (self._directory / "pooler.sh").write_text(program.replace("/tmp", str(self._directory)))
        here = self._directory / "pgbouncer"
        here.write_text(f'#!/bin/sh\nexec {" ".join(pgbouncer())} "$@"\n')
        here.chmod(0o755)
        with self._log_file().open("ab") as log:
            line = ["sh", str(self._directory / "pooler.sh"), str(self._lease), str(self._directory / "pgbouncer.ini")]
            path = f"{self._directory}:{POSTGRES_BIN}:{os.environ['PATH']}"
            self._process = subprocess.Popen(
                [*as_postgres(), *line], stdout=log, stderr=log, env={"PATH": path}, start_new_session=True
            )
        wait_for("the pooler answers", lambda: self.console("SHOW VERSION"), seconds=300, every=0.1)

    def console(self, command: str, *, seconds: float = 60) -> str:
        """What its console says, asked as the liveness check asks it. Raises TimeoutExpired."""
        line = [*as_postgres(), str(POSTGRES_BIN / "psql"), "-XAtq", "-h", str(self._directory), "-p", "5432",
                "-U", "pgbouncer", "-d", "pgbouncer", "-c", command]  # fmt: skip
        return subprocess.run(line, capture_output=True, text=True, timeout=seconds, check=False).stdout.strip()

    @property
    def authority(self) -> str:
        """Of its certificate."""
        return self._certificate("ca")

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self, seconds: float) -> bool:
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False

    def stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self) -> str:
        return self._log_file().read_text()

    async def connect(self, **changes: Any) -> Any:
        keys = {"user": "app", "password": "owner", "database": "app"} | changes
        return await asyncpg.connect(host=self.address, port=5432, timeout=90, **keys)

    def _log_file(self) -> Path:
        return self._directory / "pgbouncer.log"


class Clients:
    """So many clients, each with one connection that it keeps, and a row every 20 ms; `slow` of them write theirs in
    transactions of 0.4 s. A client that gets an error connects again, and does not know whether its row was written."""

    def __init__(self, pooler: Pooler, count: int, *, slow: int = 0) -> None:
        self._pooler, self._count, self._slow = pooler, count, slow
        self.acknowledged: list[tuple[int, int]] = []
        self.errors: Counter[str] = Counter()
        self.waited = 0.0
        """The longest time that one row took, in seconds."""
        self.connections = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))

    def __enter__(self) -> "Clients":
        self._thread.start()
        wait_for("every client writes", lambda: len({who for who, _ in self.acknowledged}) == self._count, seconds=300)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def goes_on(self) -> None:
        """Until each of them has written a row that it began after now."""
        before = len(self.acknowledged)
        wait_for(
            "every client goes on",
            lambda: len({who for who, _ in self.acknowledged[before + self._count :]}) == self._count,
            seconds=300,
            every=0.1,
        )

    async def rows(self) -> set[tuple[int, int]]:
        """What the database has."""
        connection = await self._pooler.connect()
        try:
            return {(row["who"], row["number"]) for row in await connection.fetch("SELECT who, number FROM pooled")}
        finally:
            await connection.close()

    async def _all(self) -> None:
        connection = await self._pooler.connect()
        await connection.execute("DROP TABLE IF EXISTS pooled; CREATE TABLE pooled (who int, number int)")
        await connection.close()
        await asyncio.gather(*(self._write(who) for who in range(self._count)))

    async def _write(self, who: int) -> None:
        connection: Any = None
        number = 0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                if connection is None:
                    connection = await self._pooler.connect()
                    self.connections += 1
                number += 1
                async with connection.transaction() if who < self._slow else nullcontext():
                    await connection.execute("INSERT INTO pooled VALUES ($1, $2)", who, number)
                    if who < self._slow:
                        await connection.execute("SELECT pg_sleep(0.4)")
                self.acknowledged.append((who, number))
                self.waited = max(self.waited, time.monotonic() - began)
            except _ERRORS as error:
                self.errors[f"{type(error).__name__}: {error}"] += 1
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(0.02)
        if connection is not None:
            await connection.close()
