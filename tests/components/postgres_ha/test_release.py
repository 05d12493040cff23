"""Who takes the lock from a primary that does not answer: what one member does, with a store in memory."""

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from components.postgres_ha.files import release

BASE, VOTES = "/ha-platform/main/", "/ha-platform-votes/main/"
AFTER = 4.0


class Store(release.Store):
    """Keys in memory; a vote stays until it is taken."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, int]] = {}
        self.revision = 10
        self.away = False

    def write(self, key: str, value: str) -> None:
        self.revision += 1
        self.keys[key] = (value, self.revision)

    def below(self, prefix: str) -> dict[str, tuple[str, int]]:
        if self.away:
            raise OSError("the store does not answer")
        return {key[len(prefix) :]: value for key, value in self.keys.items() if key.startswith(prefix)}

    def put(self, key: str, value: str, *, seconds: int) -> None:
        del seconds
        self.write(key, value)

    def release(self, base: str, view: release.View, votes: Sequence[str]) -> bool:
        as_read = (self.keys[f"{base}leader"][1], self.keys[f"{base}sync"][1])
        if as_read != (view.leader_revision, view.sync_revision) or not all(vote in self.keys for vote in votes):
            return False
        self.write(f"{base}sync", view.sync)
        del self.keys[f"{base}leader"]
        return True

    @property
    def leader(self) -> str | None:
        return self.keys.get(f"{BASE}leader", (None, 0))[0]


class Cluster:
    """Three members, of which `pg-0` leads, at a time that a test moves on."""

    def __init__(self) -> None:
        self.store = Store()
        self.now = 100.0
        self.answers, self.heard = False, False
        self.led: list[str] = []
        for name in ("pg-0", "pg-1", "pg-2"):
            urls = {"conn_url": f"postgres://{name}:5432/postgres", "api_url": f"http://{name}:8008/patroni"}
            self.store.write(f"{BASE}members/{name}", json.dumps(urls))
        self.store.write(f"{BASE}config", json.dumps({"ttl": 20}))
        self.sync("pg-1")
        self.lead("pg-0")
        self.watches = {name: self.watch(name) for name in ("pg-0", "pg-1", "pg-2")}

    def watch(self, name: str) -> release.Watch:
        return release.Watch(
            self.store,
            scope="main",
            name=name,
            seconds=AFTER,
            reaches=self.reaches,
            hears=lambda seconds: self.heard and seconds == AFTER,
            now=lambda: self.now,
        )

    def reaches(self, addresses: Sequence[tuple[str, str, int]]) -> bool:
        asked = addresses[0][1]
        assert [*addresses] == [("postgres", asked, 5432), ("patroni", asked, 8008)]
        assert asked in self.led[-2:], "who leads, or who led when the store was asked last"
        return self.answers

    def lead(self, name: str) -> None:
        self.led.append(name)
        self.store.write(f"{BASE}leader", name)

    def sync(self, standby: str | None, leader: str = "pg-0") -> None:
        self.store.write(f"{BASE}sync", json.dumps({"leader": leader, "sync_standby": standby, "quorum": 0}))

    def look(self, *names: str, seconds: float = 0) -> list[str]:
        """What each says, a second apart, for so long."""
        said = []
        for _ in range(int(seconds) + 1):
            said = [self.watches[name].look() for name in names or self.watches]
            self.now += 1
        return said


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_two_that_miss_it_for_long_enough_release_the_lock(cluster: Cluster) -> None:
    cluster.look(seconds=AFTER - 1)
    assert cluster.store.leader == "pg-0", "not before its time"
    before = cluster.store.keys[f"{BASE}sync"]
    said = cluster.look()
    assert cluster.store.leader is None
    assert said[1] == "pg-0 does not answer: 1 of 2 votes"
    assert said[2] == "pg-0 does not answer pg-1, pg-2: its lock is released"
    after = cluster.store.keys[f"{BASE}sync"]
    assert after[0] == before[0]
    assert after[1] > before[1], "what the primary read before is out of date"


@pytest.mark.parametrize("answers", [False, True], ids=["silent", "answering"])
def test_the_time_runs_while_the_store_elects(cluster: Cluster, answers: bool) -> None:
    """Its host is lost, and had the store's leader; or the members are cut off from the store alone."""
    cluster.answers = True
    cluster.look()
    cluster.answers, cluster.store.away = answers, True
    for _ in range(int(AFTER)):
        for name in ("pg-1", "pg-2"):
            with pytest.raises(OSError, match="does not answer"):
                cluster.look(name)
        cluster.now += 1
    cluster.answers, cluster.store.away = False, False
    cluster.look()
    assert cluster.store.leader == ("pg-0" if answers else None)


def test_one_is_not_most(cluster: Cluster) -> None:
    assert cluster.look("pg-1", seconds=60) == ["pg-0 does not answer: 1 of 2 votes"]
    assert cluster.store.leader == "pg-0"


@pytest.mark.parametrize("sign", ["answers", "heard"])
def test_a_sign_of_life_keeps_it(cluster: Cluster, sign: str) -> None:
    setattr(cluster, sign, True)
    assert not any(cluster.look(seconds=60))
    assert cluster.store.leader == "pg-0"


def test_an_answer_begins_the_time_again(cluster: Cluster) -> None:
    cluster.look(seconds=AFTER - 1)
    cluster.answers = True
    cluster.look()
    cluster.answers = False
    cluster.look(seconds=AFTER - 1)
    assert cluster.store.leader == "pg-0"


@pytest.mark.parametrize("of", [{"standby": None}, {"standby": "pg-1", "leader": "pg-2"}])
def test_nobody_has_every_write(cluster: Cluster, of: dict[str, Any]) -> None:
    """Asynchronous, no replica is there, or another primary wrote the key."""
    cluster.sync(**of)
    assert not any(cluster.look(seconds=60))
    del cluster.store.keys[f"{BASE}sync"]
    assert not any(cluster.look(seconds=60))
    assert cluster.store.leader == "pg-0"


def test_a_person_paused_it(cluster: Cluster) -> None:
    cluster.store.write(f"{BASE}config", json.dumps({"pause": True}))
    assert not any(cluster.look(seconds=60))


def test_another_replica_became_the_synchronous_one_meanwhile(cluster: Cluster) -> None:
    cluster.look("pg-1", "pg-2", seconds=AFTER - 1)
    found = release.view(cluster.store.below(BASE))
    assert found is not None
    cluster.sync("pg-2")
    assert not cluster.store.release(BASE, found, [])
    assert cluster.store.leader == "pg-0"


def test_one_that_takes_it_back_lives(cluster: Cluster) -> None:
    cluster.look(seconds=AFTER)
    assert cluster.store.leader is None
    cluster.lead("pg-0")
    cluster.look(seconds=18)
    assert cluster.store.leader == "pg-0", "for as long as a lock lives"
    cluster.look(seconds=10)
    assert cluster.store.leader is None


def test_a_new_primary_has_its_own_time(cluster: Cluster) -> None:
    cluster.look(seconds=AFTER)
    cluster.lead("pg-1")
    cluster.sync("pg-2", leader="pg-1")
    cluster.look(seconds=AFTER - 1)
    assert cluster.store.leader == "pg-1"
    cluster.look()
    assert cluster.store.leader is None, "pg-0 and pg-2 miss it"


def test_nobody_leads(cluster: Cluster) -> None:
    del cluster.store.keys[f"{BASE}leader"]
    assert not any(cluster.look(seconds=10))
    cluster.lead("pg-0")
    del cluster.store.keys[f"{BASE}members/pg-0"]
    assert not any(cluster.look(seconds=10)), "nothing says where it is"


def test_patroni_is_woken_while_it_matters(cluster: Cluster) -> None:
    """Those that have somebody to replace; the primary itself has not."""

    def urgent() -> list[bool]:
        cluster.look()
        return [watch.urgent for watch in cluster.watches.values()]

    cluster.answers = True
    assert urgent() == [False, False, False]
    cluster.answers = False
    assert urgent() == [False, True, True]
    cluster.look(seconds=AFTER)
    assert cluster.store.leader is None
    assert urgent() == [True, True, True], "nobody leads"
    cluster.lead("pg-1")
    cluster.answers = True
    assert urgent() == [False, False, False]


def test_before_anybody_led_nothing_is_urgent(cluster: Cluster) -> None:
    del cluster.store.keys[f"{BASE}leader"]
    cluster.look()
    assert not any(watch.urgent for watch in cluster.watches.values())


def test_a_wake_that_waits_holds_nobody_up() -> None:
    called, goes_on = threading.Semaphore(0), threading.Event()

    def wake() -> None:
        called.release()
        assert goes_on.wait(30)
        raise OSError("Patroni does not answer")

    waker = release.Waker(wake)
    waker.due()
    assert called.acquire(timeout=30)
    for _ in range(5):
        waker.due()
    goes_on.set()
    assert called.acquire(timeout=30), "once more, for the five"
    waker.due()
    assert called.acquire(timeout=30), "and after one that failed"
