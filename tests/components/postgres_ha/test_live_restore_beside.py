"""A new database that begins as another one was, while that one goes on: real servers and a real S3 server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.postgres_ha.backed_up import BackedUp, Copy, Site
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import require_patroni

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]

_NEVER = "0 0 1 1 *"
_OWN = {"repositories": ["offsite"], "full": _NEVER, "incremental": None, "queue": "128Mi"}
_NOW = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require_patroni("etcd", "flock", "pgbackrest", packages="Debian packages etcd-server, util-linux, pgbackrest")
    one = Site(tmp_path_factory.mktemp("main"))
    try:
        one.start()
        leader = one.led_by()
        wait_for("a backup", lambda: one.members.backups(leader)["backups"], seconds=120, every=0.5)
        yield one
    finally:
        one.stop()


@contextmanager
def _copy(site: Site, directory: Path, to: str, **keys: Any) -> Iterator[tuple[Copy, Store]]:
    """A cluster that may begin."""
    for part in ("etcd", "patroni"):
        (directory / part).mkdir()
    store = Store(directory / "etcd", first=61)
    begins = {"database": "main", "repository": "offsite", "to": to}
    members = Copy(directory / "patroni", store, site.server, restore_from=begins, **keys)
    store.start_all()
    try:
        members.start(0)
        yield members, store
    finally:
        members.stop()
        store.stop()


def _archived(members: BackedUp, leader: int) -> None:
    name = members.as_superuser(leader, "SELECT pg_walfile_name(pg_switch_wal())")
    told = f"SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver"
    wait_for("it is archived", lambda: members.as_superuser(leader, told) == "t", seconds=120, every=0.3)


def _leads(members: Copy, ordinal: int = 0) -> bool:
    return members.answers(ordinal, "/primary")


def test_it_begins_as_the_other_was_and_the_other_goes_on(site: Site, tmp_path: Path) -> None:
    leader = site.led_by()
    site.sql("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
    for sql in (
        "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1' PUBLICATION feed "
        "WITH (connect = false, slot_name = feed)",
        "ALTER SUBSCRIPTION feed ENABLE",
        "ALTER ROLE app PASSWORD 'of main'",
        "ALTER ROLE replicator PASSWORD 'of main'",
    ):
        assert "ERROR" not in (said := site.members.as_superuser(leader, sql)), said
    moment = site.members.as_superuser(leader, _NOW)
    for role, password in (("app", "owner"), ("replicator", "replication")):
        assert site.members.as_superuser(leader, f"ALTER ROLE {role} PASSWORD '{password}'") == ""
    site.sql("DELETE FROM orders WHERE id > 3")
    _archived(site.members, leader)
    began = time.monotonic()
    with _copy(site, tmp_path, moment, backups=_OWN) as (members, store):
        while not _leads(members):
            assert time.monotonic() < began + 240, members.log(0)
            assert site.sql("INSERT INTO orders VALUES (0) RETURNING id") == "0", "the other one writes"
            time.sleep(0.3)
        print(f"led after {time.monotonic() - began:.1f} s: {members.log(0)[-1500:]}")
        members.start(1)
        members.start(2)
        print(members.apply_settings())
        assert members.login(0, "app", "owner", "app", "SELECT count(*) FROM orders") == "1000"
        assert "authentication failed" in members.login(0, "app", "of main", "app")
        assert members.as_superuser(0, "SELECT subenabled FROM pg_subscription") == "f"
        assert site.members.as_superuser(leader, "SELECT subenabled FROM pg_subscription") == "t"
        count = "SELECT count(*) FROM orders"
        wait_for(
            "a replica has it too",
            lambda: members.login(1, "app", "owner", "app", count) == "1000",
            seconds=120,
            every=0.5,
        )
        wait_for("its first own backup", lambda: members.backups(0)["backups"], seconds=120, every=0.5)
        assert _timelines(site, "copy") == {"00000002"}, "its log is a branch of its own"
        assert not members.volume(0, "pgbackrest/archive/main").exists()
        members.login(0, "app", "owner", "app", "CREATE TABLE own AS SELECT 7 AS id")
        _archived(members, 0)
        for ordinal in range(COUNT):
            members.lose(ordinal)
            store.lose(ordinal)
        store.start_all()
        members.start(0)
        wait_for("it leads on what it was itself", lambda: _leads(members), seconds=120, every=0.3)
        assert members.login(0, "app", "owner", "app", "SELECT id FROM own") == "7"
    assert site.led_by() == leader
    assert _timelines(site, "main") == {"00000001"}, "what the copy did is not in the other one's archive"
    assert int(site.sql("SELECT count(*) FROM orders WHERE id > 0")) == 3
    code, said = site.members.order("take", "incremental")
    assert code == 0, said


def test_without_backups_of_its_own_it_begins_with_the_end_of_the_archive(site: Site, tmp_path: Path) -> None:
    leader = site.led_by()
    site.sql("CREATE TABLE last AS SELECT 42 AS id")
    _archived(site.members, leader)
    with _copy(site, tmp_path, "latest", members=1) as (members, _):
        wait_for("it leads", lambda: _leads(members), seconds=120, every=0.3)
        members.apply_settings()
        assert members.login(0, "app", "owner", "app", "SELECT id FROM last") == "42"
        assert members.as_superuser(0, "SHOW archive_mode") == "off"
        members.kill(0)
        members.start(0)
        wait_for("it leads again", lambda: _leads(members), seconds=120, every=0.3)
        assert members.log(0).count("backups: restored") == 1, "data that is there begins no more"


def test_what_cannot_be_had_begins_nothing(site: Site, tmp_path: Path) -> None:
    with _copy(site, tmp_path, "1999-01-01", members=1) as (members, _):
        wait_for(
            "it says why", lambda: "TO=1999-01-01 is outside the archive" in members.log(0), seconds=120, every=0.3
        )
        assert not members.volume(0, "pgdata/PG_VERSION").exists()
        assert not _leads(members)


def _timelines(site: Site, stanza: str) -> set[str]:
    """Those that an archive has, in folders of the log or as histories."""
    (version,) = (name for name in site.server.names(f"prod/archive/{stanza}") if not name.startswith("archive.info"))
    return {name[:8] for name in site.server.names(f"prod/archive/{stanza}/{version}")}
