"""Encryption of replication and clients on a database that changes to it while a client writes."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from drills.waiting import wait_for
from tests.components.postgres_ha.cluster import PROXY, READS, Database, Writer
from tests.components.postgres_ha.patroni_members import COUNT, require_patroni
from tests.components.postgres_ha.poolers import Pooler
from tests.live.trixie import pgbouncer

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
RECEIVER = "SELECT conninfo FROM pg_stat_wal_receiver"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Of the version without encryption, until the first test has changed it."""
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    one = Database(tmp_path_factory.mktemp("database"), tls={"clients": "required"})
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
    leader = database.leader()
    return [ordinal for ordinal in range(COUNT) if ordinal != leader]


def followed(database: Database, ordinal: int) -> str:
    """How a replica reaches the primary, as its server says."""
    return database.patronis.login(ordinal, "ha_settings", "settings", "postgres", RECEIVER, sslmode="prefer")


def test_a_running_database_changes_and_loses_nothing(database: Database) -> None:
    """A changed replica follows a primary that has not changed, also with an empty volume; one that has not changed
    follows a changed primary; and when all have changed, each verifies whom it follows."""
    patronis = database.patronis
    assert database.leader() == 0
    with Writer() as writer:
        patronis.end(1)
        shutil.rmtree(patronis.volume(1))
        patronis.start(1)
        database.wait_whole()
        assert "sslmode=prefer" in followed(database, 1)
        assert database.leader() == 0
        patronis.end(0)
        wait_for("the changed one leads", lambda: database.leader() == 1, seconds=60, every=0.2)
        patronis.start(0)
        database.wait_whole()
        writer.goes_on()
        assert not patronis.volume(1, ".tls").exists(), "one does not encrypt yet"
        patronis.end(2)
        patronis.start(2)
        for ordinal in range(COUNT):
            wait_for(f"{ordinal} has changed", patronis.volume(ordinal, ".tls").exists, seconds=60, every=0.2)
        database.wait_whole()
        for ordinal in followers(database):
            verified = lambda at=ordinal: "sslmode=verify-full" in followed(database, at)  # noqa: E731
            wait_for(f"{ordinal} verifies", verified, seconds=60, every=0.2)
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
        connection = await asyncpg.connect(f"postgresql://app:owner@{PROXY}:5432/app?{query}", timeout=5)
        try:
            return await connection.fetchval("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        finally:
            await connection.close()

    assert database.leader() is not None
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
    leader = database.leader()
    assert leader is not None
    false, kept = followers(database)
    patronis.end(false)
    patronis.start(false, circle="other")
    database.wait_whole()
    before = len(patronis.log(kept))
    patronis.end(leader)
    wait_for("it leads", lambda: database.leader() == false, seconds=60, every=0.2)
    wait_for("it is refused", lambda: "certificate verify failed" in patronis.log(kept)[before:], seconds=60, every=0.2)
    assert followed(database, kept) == ""
