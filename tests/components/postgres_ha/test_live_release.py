"""A primary that is gone loses its lock before `ttl` ends, and no acknowledged write is lost, with the real servers."""

import signal
from collections.abc import Iterator
from functools import partial

import pytest

from components.postgres_ha.files import release
from drills.waiting import wait_for
from tests.components.postgres_ha.cluster import PROXY, Database, Writer
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import require_patroni

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
AFTER, TTL = 3, 60
LOOP_WAIT = 45
TIMES = 2
DEADLINE = 240
"""Where no time is promised: seconds, on a machine that does a lot besides."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    # A long `ttl`: whoever leads within it does so because the lock was released.
    failover = {"ttl": f"{TTL}s", "loop_wait": "2s", "retry_timeout": "5s", "release_after": f"{AFTER}s"}
    one = Database(tmp_path_factory.mktemp("database"), synchronous="strict", failover=failover)
    try:
        one.start()
        one.configure(ttl=TTL)
        one.wait_whole(synchronous=True)
        yield one
    finally:
        one.stop()


def test_a_primary_that_freezes(database: Database) -> None:
    """As a host that is lost: connections are neither refused nor answered."""
    database.wait_settled()
    leader, others = _leads(database)
    with Writer() as writer:
        with database.patronis.frozen(leader):
            wait_for("another leads", lambda: database.leader() in others, seconds=TTL - 10, every=0.1)
            writer.goes_on()
        database.wait_whole(synchronous=True)
        writer.goes_on()
    print(f"writes away for {writer.outage():.1f} s; ttl {TTL} s")
    assert any("its lock is released" in database.patronis.log(each) for each in others)
    assert writer.outage() < TTL, "far less than the lock's life"
    assert writer.rows() >= len(writer.acknowledged), "every acknowledged row is there"


def test_its_host_had_the_member_of_the_store_that_the_standby_asks(database: Database) -> None:
    """Patroni of the standby would find out after `loop_wait`; it is woken."""
    database.wait_settled()
    leader, others = _leads(database)
    standby = next(each for each, role in database.roles().items() if role == "sync_standby")
    lost = database.asked_of_the_store(standby)
    database.configure(loop_wait=LOOP_WAIT)
    try:
        with Writer() as writer, database.store.frozen(lost), database.patronis.frozen(leader):
            wait_for("another leads", lambda: database.leader() in others, seconds=LOOP_WAIT - 5, every=0.1)
            writer.goes_on()
        print(f"writes away for {writer.outage():.1f} s; loop_wait {LOOP_WAIT} s, ttl {TTL} s")
    finally:
        database.configure(loop_wait=2)
    database.wait_whole(synchronous=True)
    assert writer.rows() >= len(writer.acknowledged), "every acknowledged row is there"


def test_a_primary_that_only_the_others_cannot_see(database: Database) -> None:
    """A split: clients and the store reach it. It takes the lock back or hands it over, and no row is lost."""
    store = release.Store(database.store_hosts(), database.store_context())
    with Writer() as writer:
        for _ in range(TIMES):
            leader, others = _leads(database)
            before = _lock(store)
            _release(store, others)
            wait_for("somebody has it", partial(_taken, store, before), seconds=DEADLINE, every=0.1)
            database.wait_whole(synchronous=True)
            writer.goes_on()
    print(f"main-pg-{leader} led, then main-pg-{database.led_by()}; writes away for {writer.outage():.1f} s")
    assert writer.rows() >= len(writer.acknowledged)


def test_a_primary_that_does_not_find_out(database: Database) -> None:
    """Its Patroni hangs, and PostgreSQL goes on to take writes of clients that come to it past the endpoint: it has two
    primaries then, and the old one acknowledges nothing that the new one does not have."""
    database.wait_settled()
    leader, others = _leads(database)
    store = release.Store(database.store_hosts(), database.store_context())
    with Writer(database.patronis.address(leader)) as writer:
        database.patronis.signal(leader, signal.SIGSTOP)
        try:
            _release(store, others)
            wait_for("another leads", lambda: database.leader() in others, seconds=DEADLINE, every=0.1)
            there = len(writer.acknowledged)
            with Writer(PROXY, table="others") as other:
                wait_for("the new one acknowledges", lambda: len(other.acknowledged) > 50, seconds=DEADLINE, every=0.1)
            assert len(writer.acknowledged) <= there + 1, "the old one waits"
        finally:
            database.patronis.signal(leader, signal.SIGCONT)
        database.wait_whole(synchronous=True)
    assert writer.rows() >= len(writer.acknowledged)


def test_why_it_needs_synchronous(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same split, asynchronous: both acknowledge, and what the old primary took is gone."""
    database.configure(synchronous_mode=False, synchronous_mode_strict=False)
    leader, others = _leads(database)
    store = release.Store(database.store_hosts(), database.store_context())
    wait_for(
        "nobody is synchronous", lambda: "sync" not in store.below("/ha-platform/main/"), seconds=DEADLINE, every=0.1
    )
    monkeypatch.setattr(release.View, "may_be_replaced", True)
    with Writer(database.patronis.address(leader)) as writer:
        database.patronis.signal(leader, signal.SIGSTOP)
        try:
            _release(store, others)
            wait_for("another leads", lambda: database.leader() in others, seconds=DEADLINE, every=0.1)
            there = len(writer.acknowledged)
            wait_for("the old one goes on", lambda: len(writer.acknowledged) > there + 20, seconds=DEADLINE, every=0.1)
        finally:
            database.patronis.signal(leader, signal.SIGCONT)
        database.wait_whole()
    assert database.led_by() != leader
    assert writer.rows() < len(writer.acknowledged)


def _release(store: release.Store, others: list[int]) -> None:
    """By members whose network is cut in one place: the one to the primary."""
    watches = [
        release.Watch(
            store, scope="main", name=f"main-pg-{each}", seconds=0, reaches=lambda _: False, hears=lambda _: False
        )
        for each in others
    ]

    def released() -> bool:
        return any("released" in watch.look() for watch in watches)

    wait_for("the lock is released", released, seconds=DEADLINE, every=0.1)


def _leads(database: Database) -> tuple[int, list[int]]:
    leader = database.led_by()
    return leader, [ordinal for ordinal in range(COUNT) if ordinal != leader]


def _lock(store: release.Store) -> int | None:
    found = release.view(store.below("/ha-platform/main/"))
    return found.leader_revision if found else None


def _taken(store: release.Store, before: int | None) -> bool:
    return _lock(store) not in (before, None)
