"""A whole database on loopback, as it is rendered: three members, their store, a proxy, and a client that writes."""

import asyncio
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from components.postgres_ha.proxy import reads, waits
from components.postgres_ha.rest import primary_check
from components.postgres_ha.settings import PostgresSettings, ReadsSettings
from components.verified import Verified
from components.write_proxy import NEVER_SECONDS, Reads, Waits
from components.write_proxy.proxy import CA_FILE, WAIT_PROGRAM, proxy_cfg
from drills.waiting import wait_for
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import PASSWORDS, Patronis
from tests.loopback import own_network

_WELL = {"leader": "running"}
PROXY, READS = f"{own_network()}.30", f"{own_network()}.31"
POOLERS = tuple(f"{own_network()}.{40 + number}" for number in range(4))
MAX_LAG = 2**20
SETTLED_SECONDS = 5
MOUNTED: Any = None
"""What a file is made of: here it is written."""
WAIT_SECONDS = 60
"""How long a connection waits for a primary, at the port for poolers."""


class Database:
    """Three members that follow one another, behind a proxy at `PROXY`."""

    def __init__(self, directory: Path, **main: Any) -> None:
        for part in ("etcd", "patroni"):
            (directory / part).mkdir()
        self.store = Store(directory / "etcd")
        self.patronis = Patronis(directory / "patroni", self.store, **main)
        self.patronis.endpoints = (PROXY, READS, *POOLERS)
        self._directory = directory
        self._program = directory / "wait.lua"
        self._settings(main.get("tls", {}))
        self._proxies: list[subprocess.Popen[bytes]] = []

    def start(self, *, tls: bool = True) -> None:
        """Returns when all replicas stream. Without `tls`: as the version did that had none."""
        self.store.start_all()
        self.patronis.start(0, tls=tls)
        wait_for("member 0 leads", lambda: self.leader() == 0, seconds=300, every=0.2)
        # Slots of new replicas, and what replicas say of themselves, come with the next look: here not after 10 s.
        timers = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}
        self.configure(**timers)
        for ordinal in range(1, COUNT):
            self.patronis.start(ordinal, tls=tls)
        self.wait_whole()
        self.patronis.apply_settings(sslmode="verify-full" if tls else "disable")
        self.configure(**timers)
        self.lead()

    def _settings(self, tls: Any) -> None:
        """As the proxies are rendered for."""
        pooler = {"wait_timeout": f"{WAIT_SECONDS}s"}
        self._wanted = PostgresSettings.model_validate({"pooler": pooler, "tls": tls})

    def becomes(self, tls: Any) -> None:
        """What starts from now on."""
        self.patronis.becomes(tls=tls)
        self._settings(tls)

    def lead(self) -> None:
        """Proxies, in place of those that run. Returns when they lead to a server."""
        while self._proxies:
            self._proxies.pop().kill()
        self._lead(PROXY, waiting=waits(self._wanted))
        self._lead(READS, reads(ReadsSettings(max_lag=MAX_LAG)))
        for address in (PROXY, READS):
            wait_for("its endpoint leads to a server", lambda at=address: asked(at, "SELECT 1"), seconds=300, every=0.2)  # type: ignore[misc]

    def _lead(self, address: str, to: Reads | None = None, waiting: Waits | None = None) -> None:
        hosts = tuple(self.patronis.address(ordinal) for ordinal in range(COUNT))
        text = proxy_cfg(
            hosts,
            port=5432,
            # A name, not an address: HAProxy compares names alone.
            check=primary_check(self._wanted, Verified(ca=MOUNTED, host=f"prod-{self.patronis.name}-pg-0")),
            max_connections=200,
            idle_seconds=NEVER_SECONDS,
            reads=to,
            waits=waiting,
        )
        authority = self._directory / "ca.pem"
        authority.write_text(self.patronis.certificate("ca"))
        text = text.replace(WAIT_PROGRAM, str(self._program)).replace(CA_FILE, str(authority))
        if waiting:
            self._program.write_text(waiting.program)
        config = self._directory / f"{address}.cfg"
        config.write_text(text.replace("bind :", f"bind {address}:").replace(" resolvers cluster init-addr none", ""))
        self._proxies.append(subprocess.Popen(["haproxy", "-W", "-db", "-f", str(config)], stdout=subprocess.DEVNULL))

    def stop(self) -> None:
        for proxy in self._proxies:
            proxy.terminate()
            proxy.wait(60)
        self.patronis.stop()
        self.store.stop()

    def store_hosts(self) -> list[str]:
        return [f"{self.store.address(ordinal)}:2379" for ordinal in range(COUNT)]

    def store_context(self) -> ssl.SSLContext:
        """With the certificate of Patroni."""
        context = ssl.create_default_context(cafile=self.store.pem("chain"))
        context.load_cert_chain(self.store.pem("client"))
        return context

    def asked_of_the_store(self, ordinal: int) -> int:
        """The member of the store that a Patroni asks."""
        asked = self.patronis.asks(ordinal, 2379)
        return next(each for each in range(COUNT) if self.store.address(each) == asked)

    def leader(self) -> int | None:
        """Who has the leader lock, and says so itself."""
        return next((ordinal for ordinal in range(COUNT) if self.patronis.answers(ordinal, "/primary")), None)

    def led_by(self) -> int:
        """Who leads, when somebody does."""
        (found,) = wait_for("somebody leads", lambda: [one for one in [self.leader()] if one is not None], seconds=300)
        return found

    def roles(self) -> dict[int, str]:
        """What the leader says of everyone that runs as it should, when it answers."""
        return wait_for("the leader answers", self._roles, seconds=300)

    def _roles(self) -> dict[int, str]:
        leader = self.leader()
        if leader is None:
            return {}
        with suppress(httpx.HTTPError):
            members = self.patronis.rest("GET", leader, "/cluster", seconds=5).json()["members"]
            return {
                int(one["name"][-1]): one["role"]
                for one in members
                if one["state"] == _WELL.get(one["role"], "streaming")
            }
        return {}

    def wait_whole(self, *, synchronous: bool = False, seconds: float = 300) -> None:
        """Until one leads and the others stream, one of them as the synchronous one."""
        wait_for("the cluster is whole", lambda: self._whole(synchronous), seconds=seconds, every=0.2)

    def wait_settled(self) -> None:
        """Until it has been whole, with a synchronous member, for longer than Patroni needs to look twice.

        Members say every `loop_wait` (2 s) how they are, so what is whole now may be what was; and while replicas come
        back no one is synchronous, and nobody may take a primary's place.
        """
        began: list[float] = []

        def settled() -> bool:
            if not self._whole(synchronous=True):
                began.clear()
                return False
            began.append(time.monotonic())
            return began[-1] - began[0] > SETTLED_SECONDS

        wait_for("the cluster is settled", settled, seconds=300, every=0.2)

    def _whole(self, synchronous: bool) -> bool:
        roles = [*self._roles().values()]
        return len(roles) == COUNT and "leader" in roles and (not synchronous or "sync_standby" in roles)

    def timeline(self) -> int:
        """One more with each change of the primary."""
        leader = self.led_by()
        return int(httpx.get(self.patronis.url(leader, "/patroni"), timeout=60, trust_env=False).json()["timeline"])

    def configured(self) -> dict[str, Any]:
        """What Patroni takes from its store."""
        leader = self.led_by()
        found: dict[str, Any] = httpx.get(self.patronis.url(leader, "/config"), timeout=60, trust_env=False).json()
        return found

    def configure(self, **changes: object) -> None:
        """What the settings job does, for a key of Patroni's."""
        leader = self.led_by()
        answer = self.patronis.rest("PATCH", leader, "/config", json=changes, auth=("patroni", PASSWORDS["rest_api"]))
        assert answer.status_code == 200, answer.text


class Writer:
    """Inserts a row every 50 ms through the proxy, or at another `address`, each on a new connection when the last one
    broke."""

    def __init__(self, address: str = PROXY, *, table: str = "written") -> None:
        self._address, self._table = address, table
        self.acknowledged: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._write()))

    def __enter__(self) -> "Writer":
        self._thread.start()
        wait_for("a write is acknowledged", lambda: self.acknowledged, seconds=300, every=0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def goes_on(self) -> None:
        """Until a write is acknowledged that began after now."""
        now = time.monotonic()
        wait_for("writes go on", lambda: self.acknowledged[-1] > now + 0.1, seconds=300, every=0.05)

    def outage(self) -> float:
        """The longest time between two acknowledged writes, in seconds."""
        return max(after - before for before, after in zip(self.acknowledged, self.acknowledged[1:], strict=False))

    def rows(self) -> int:
        """How many the database has."""
        return int(asked(PROXY, f"SELECT count(*) FROM {self._table}"))

    async def _write(self) -> None:
        connection: Any = None
        table = self._table
        while not self._stop.is_set():
            try:
                connection = connection or await asyncio.wait_for(_connect(self._address), 5)
                if not self.acknowledged:
                    await connection.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (at float)")
                now = time.monotonic()
                await asyncio.wait_for(connection.execute(f"INSERT INTO {table} VALUES ($1)", now), 5)
                self.acknowledged.append(time.monotonic())
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(0.05)


def asked(address: str, statement: str) -> Any:
    """The first value that a server behind `address` answers with. Raises OSError where none answers."""

    async def ask() -> Any:
        connection = await _connect(address)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    try:
        return asyncio.run(asyncio.wait_for(ask(), 60))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError) as error:
        raise OSError(error) from None


async def _connect(address: str = PROXY) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(host=address, port=5432, user="app", password="owner", database="app", timeout=60)
