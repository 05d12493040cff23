"""Encryption of replication, clients and REST on a database that changes to it while a client writes."""

import asyncio
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from components.postgres_ha.files.release import Reach
from drills.waiting import wait_for
from tests.components.postgres_ha.cluster import PROXY, READS, Database, Writer
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import PASSWORDS, require_patroni
from tests.components.postgres_ha.poolers import Pooler
from tests.live.trixie import pgbouncer

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
RECEIVER = "SELECT conninfo FROM pg_stat_wal_receiver"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Of the version without encryption, until the first test has changed it."""
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    one = Database(tmp_path_factory.mktemp("database"), tls={"clients": "required", "rest": "prepared"})
    try:
        one.start(tls=False)
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def roots(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Whom clients trust: the database's own authority, and another one with the same names."""
    place = tmp_path_factory.mktemp("roots")
    for circle in ("own", "other"):
        (place / circle).write_text(database.patronis.certificate("ca", circle))
    return {circle: str(place / circle) for circle in ("own", "other")}


def followers(database: Database) -> list[int]:
    leader = database.led_by()
    return [ordinal for ordinal in range(COUNT) if ordinal != leader]


def followed(database: Database, ordinal: int) -> str:
    """How a replica reaches the primary, as its server says."""
    return database.patronis.login(ordinal, "ha_settings", "settings", "postgres", RECEIVER, sslmode="prefer")


def handed_over(database: Database, ordinal: int) -> int:
    """How often it said so when it was stopped."""
    return database.patronis.log(ordinal).count("stop: handed over to ")


def test_a_running_database_changes_and_loses_nothing(database: Database) -> None:
    """A changed replica follows a primary that has not changed, also with an empty volume; one that has not changed
    follows a changed primary; and when all have changed, each verifies whom it follows."""
    patronis = database.patronis
    assert database.led_by() == 0
    with Writer() as writer:
        patronis.end(1)
        shutil.rmtree(patronis.volume(1))
        patronis.start(1)
        database.wait_whole()
        assert "sslmode=prefer" in followed(database, 1)
        assert database.led_by() == 0
        patronis.end(0)
        wait_for("the changed one leads", lambda: database.leader() == 1, seconds=120, every=0.2)
        patronis.start(0)
        database.wait_whole()
        writer.goes_on()
        assert not patronis.volume(1, ".tls").exists(), "one does not encrypt yet"
        patronis.end(2)
        patronis.start(2)
        for ordinal in range(COUNT):
            wait_for(f"{ordinal} has changed", patronis.volume(ordinal, ".tls").exists, seconds=120, every=0.2)
        database.wait_whole()
        for ordinal in followers(database):
            verified = lambda at=ordinal: "sslmode=verify-full" in followed(database, at)  # noqa: E731
            wait_for(f"{ordinal} verifies", verified, seconds=120, every=0.2)
        writer.goes_on()
    assert writer.rows() >= len(writer.acknowledged), "no acknowledged write is lost"


def test_replication_without_encryption_is_refused(database: Database) -> None:
    """Also with the password."""

    def replicate(ordinal: int, sslmode: str) -> str:
        more = {"replication": "true", "sslmode": sslmode}
        return database.patronis.login(ordinal, "replicator", "replication", "postgres", "IDENTIFY_SYSTEM", **more)

    for ordinal in range(COUNT):
        assert "no pg_hba.conf entry for replication" in replicate(ordinal, "disable")
        assert "|" in replicate(ordinal, "require")


def test_clients_verify_the_servers_through_the_endpoints_and_others_are_refused(
    database: Database, roots: dict[str, str]
) -> None:
    for address in (PROXY, READS):
        for mode, root, answer in (
            ("verify-full", "own", "in"),
            ("verify-full", "other", "certificate verify failed"),
            ("disable", "own", "no encryption"),
        ):
            more = {"sslmode": mode, "sslrootcert": roots[root]}
            assert answer in database.patronis.login(address, "app", "owner", "app", **more), (address, mode, root)
    for ordinal in range(COUNT):
        assert "no encryption" in database.patronis.login(ordinal, "app", "owner", "app", sslmode="disable")


def test_asyncpg_takes_the_certificate(database: Database, roots: dict[str, str]) -> None:
    async def encrypted(root: str) -> Any:
        query = f"sslmode=verify-full&sslrootcert={roots[root]}"
        connection = await asyncpg.connect(f"postgresql://app:owner@{PROXY}:5432/app?{query}", timeout=60)
        try:
            return await connection.fetchval("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        finally:
            await connection.close()

    database.led_by()
    assert asyncio.run(encrypted("own")) in ("TLSv1.2", "TLSv1.3")
    with pytest.raises(OSError, match="certificate verify failed"):
        asyncio.run(encrypted("other"))


def test_the_pooler_verifies_the_servers_and_takes_no_client_without_encryption(
    database: Database, roots: dict[str, str], tmp_path: Path
) -> None:
    pgbouncer()
    one = Pooler(database.patronis.certificate, tmp_path, tls={"clients": "required"})
    try:
        one.start()
        encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        for mode, root, answer in (
            ("verify-full", "own", "t"),
            ("verify-full", "other", "certificate verify failed"),
            ("disable", "own", "SSL required"),
        ):
            more = {"sslmode": mode, "sslrootcert": roots[root]}
            assert answer in database.patronis.login(one.address, "app", "owner", "app", encrypted, **more), mode
    finally:
        one.stop()


def test_keys_are_readable_for_their_owner_alone(database: Database) -> None:
    for ordinal in range(COUNT):
        key = Path(database.patronis.own(ordinal, "identity.pem"))
        assert key.stat().st_mode & 0o777 == 0o600


def test_a_replica_does_not_follow_a_server_with_another_authority_s_certificate(database: Database) -> None:
    patronis = database.patronis
    leader = database.led_by()
    false, kept = followers(database)
    patronis.end(false)
    patronis.start(false, circle="other")
    database.wait_whole()
    before = len(patronis.log(kept))
    patronis.end(leader)
    wait_for("it leads", lambda: database.leader() == false, seconds=120, every=0.2)
    wait_for(
        "it is refused", lambda: "certificate verify failed" in patronis.log(kept)[before:], seconds=120, every=0.2
    )
    assert followed(database, kept) == ""
    patronis.kill(false)
    for ordinal in (false, leader):
        patronis.start(ordinal)
    database.wait_whole()


def test_who_asks_by_tls_too_early_holds_no_thread_of_patroni(database: Database) -> None:
    """It has five, and proxies ask both ways while a database changes."""
    there = (database.patronis.address(0), 8008)
    begun = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), begun, server_hostname="localhost").do_handshake()
    hello = begun.read()
    with ExitStack() as open_ones:
        for _ in range(20):
            open_ones.enter_context(socket.create_connection(there, 60)).sendall(hello)
        assert database.patronis.rest("GET", 0, "/patroni").status_code == 200, "while they wait for an answer"
    with socket.create_connection(there, 60) as connection, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(connection, server_hostname="localhost")


@pytest.mark.slow
def test_rest_changes_in_a_second_update_and_loses_nothing(database: Database) -> None:
    """Members that have changed and others know each other, and the proxies of the first update know both."""
    patronis = database.patronis
    assert all(patronis.volume(ordinal, ".rest").exists() for ordinal in range(COUNT))
    database.becomes({"clients": "required", "rest": "required"})
    leader = database.led_by()
    before = handed_over(database, leader)
    with Writer(table="changed") as writer:
        for ordinal in (*followers(database), leader):
            patronis.end(ordinal)
            patronis.start(ordinal)
            database.wait_whole()
            writer.goes_on()
    assert writer.rows() >= len(writer.acknowledged), "no acknowledged write is lost"
    assert handed_over(database, leader) == before + 1, "by its own way, to one that has changed"
    patronis.apply_settings()
    database.lead()
    members = patronis.rest("GET", 0, "/cluster").json()["members"]
    assert {one["api_url"].partition(":")[0] for one in members} == {"https"}


@pytest.mark.slow
def test_rest_is_for_who_verifies_and_changes_need_a_certificate_and_the_password(database: Database) -> None:
    patronis = database.patronis
    url = patronis.url(0, "/config")
    assert url.startswith("https:")

    def answer(method: str, password: str = "", **circles: str) -> int:
        auth = ("patroni", password) if password else None
        with httpx.Client(verify=patronis.context(**circles), trust_env=False, timeout=60) as client:
            return client.request(method, url, json={"woken": None}, auth=auth).status_code

    with pytest.raises(httpx.HTTPError):
        httpx.get(url.replace("https:", "http:"), trust_env=False, timeout=60)
    with pytest.raises(httpx.HTTPError, match="certificate verify failed"):
        answer("GET", circle="other")
    assert answer("GET", shows="") == 200
    assert answer("PATCH", PASSWORDS["rest_api"], shows="") == 403
    assert answer("PATCH") == 401
    assert answer("PATCH", PASSWORDS["rest_api"]) == 200
    with pytest.raises(httpx.HTTPError):  # TLS 1.3 tells it with the first answer
        answer("PATCH", PASSWORDS["rest_api"], shows="other")
    health = patronis.healthcheck(0)["script"]
    assert "https://" in health or "HTTPSConnection" in health
    address = patronis.address(0)
    assert Reach(1.0).any([("patroni", address, 8008)]), "who watches the primary sees a sign of life"


@pytest.mark.slow
def test_a_primary_hands_over_by_encrypted_rest_and_the_endpoints_follow(database: Database) -> None:
    leader = database.led_by()
    before = handed_over(database, leader)
    with Writer(table="handed") as writer:
        database.patronis.end(leader)
        wait_for("another one leads", lambda: database.leader() not in (None, leader), seconds=120, every=0.1)
        writer.goes_on()
    assert handed_over(database, leader) == before + 1
    database.patronis.start(leader)
    database.wait_whole()
    assert writer.rows() >= len(writer.acknowledged)
