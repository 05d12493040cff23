"""A real cluster of six, whose members have another address at each start, and a client that writes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from drills.waiting import wait_for
from tests.components.redis_cluster.cluster_members import Cluster
from tests.components.redis_cluster.writer import Writer
from tests.guarantees.budgets import SWARM, redis_cluster, seconds
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SETTINGS: dict[str, Any] = {"role": "store", "node_timeout": "2s"}
BUSY = 3
"""What is promised is of a machine that is not busy: on this one an election may be held again."""


def _formed(directory: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    require_programs("redis-server", "redis-cli", "unshare", packages="Debian packages")
    one = Cluster(directory, settings, monkeypatch)
    try:
        one.start_all()
        one.form(180)
        one.wait_whole()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield from _formed(tmp_path_factory.mktemp("cluster"), SETTINGS, monkeypatch)


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Of the settings that the test names."""
    yield from _formed(tmp_path, SETTINGS | request.param, monkeypatch)


def _kept(cluster: Cluster, what: str, inflict: Callable[[], None]) -> float:
    """Every acknowledged write is there after the fault; returns how long there was none."""
    writer = Writer(cluster)
    writer.during(inflict)
    cluster.wait_whole()
    lost = writer.lost()
    print(
        f"{what}: no write for {writer.longest:.2f} s; {len(lost)} of {len(writer.acknowledged)} lost; {writer.errors}"
    )
    assert not lost
    return writer.longest


def test_slots_are_spread_and_a_shards_members_are_led_from_home(cluster: Cluster) -> None:
    assert [cluster.slots((shard, 0)) for shard in range(3)] == [5461, 5461, 5462]
    assert [cluster.slots((shard, 1)) for shard in range(3)] == [0, 0, 0]
    told = cluster.ask((2, 1), "cluster", "slots", user="ha_client")
    assert all(cluster.host(member) in told for member in cluster.members), "clients are told names"


def test_users_may_do_what_is_theirs_alone(cluster: Cluster) -> None:
    for command in (("cluster", "forget", "0" * 40), ("config", "get", "*"), ("keys", "*"), ("flushall",)):
        assert "NOPERM" in cluster.ask((0, 0), *command, user="ha_client"), command
    assert "NOPERM" in cluster.ask((0, 0), "get", "x"), "members read no keys"
    assert "NOPERM" in cluster.ask((0, 0), "get", "x", user="ha_exporter")
    assert "cluster_state:ok" in cluster.ask((0, 0), "cluster", "info", user="ha_exporter")


def test_a_killed_master_is_replaced_and_leads_again_when_it_is_back(cluster: Cluster) -> None:
    def kill() -> None:
        cluster.kill((0, 0))
        wait_for("the replica leads", lambda: cluster.leader(0) == (0, 1), seconds=120)
        cluster.start((0, 0))
        wait_for("its home leads", lambda: cluster.leader(0) == (0, 0), seconds=120)

    outage = _kept(cluster, "master killed", kill)
    promised = seconds(redis_cluster(SWARM, **SETTINGS)["master killed"])
    assert promised is not None
    assert outage <= BUSY * promised


def test_everything_is_back_at_other_addresses_with_its_data(cluster: Cluster) -> None:
    client = cluster.client()
    for value in range(200):
        client.set(f"kept:{value}", value)
    before = {member: cluster.ask(member, "cluster", "myid") for member in cluster.members}
    time.sleep(1.5)  # `appendfsync everysec`
    for member in cluster.members:
        cluster.kill(member)
    cluster.named_after = 2
    began = time.monotonic()
    cluster.start_all()
    cluster.wait_whole()
    print(f"everything restarted: whole after {time.monotonic() - began:.1f} s")
    cluster.named_after = 0
    assert before == {member: cluster.ask(member, "cluster", "myid") for member in cluster.members}
    client = cluster.client()
    assert [value for value in range(200) if client.get(f"kept:{value}") is None] == []


@pytest.mark.slow
def test_a_change_replaces_members_one_at_a_time_and_loses_nothing(cluster: Cluster) -> None:
    def roll() -> None:
        for member in cluster.members:
            cluster.stop_one(member)
            cluster.start(member)
            cluster.wait_whole()

    outage = _kept(cluster, "each stopped in turn", roll)
    promised = seconds(redis_cluster(SWARM, **SETTINGS)["master stopped"])
    assert promised is not None
    assert outage <= BUSY * promised


@pytest.mark.slow
def test_a_member_that_lost_its_volume_joins_as_a_new_one(cluster: Cluster) -> None:
    """A master that is back at once, before anybody missed it."""

    def lose() -> None:
        cluster.lose((1, 0))
        cluster.start((1, 0))
        time.sleep(5)
        wait_for("its home leads", lambda: cluster.leader(1) == (1, 0), seconds=120)

    _kept(cluster, "volume lost", lose)  # `wait_whole`: nobody knows the old one any more


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("own", [{}], indirect=True)
def test_a_fourth_shard_gets_its_part_while_clients_write(own: Cluster) -> None:
    started = {member: own.ask(member, "info", "server") for member in own.members}

    def grow() -> None:
        own.change(SETTINGS | {"masters": 4})
        for member in own.members:
            if member[0] == 3:
                own.start(member)
        own.form(900)

    outage = _kept(own, "a shard more", grow)
    assert outage < 10, "no shard was without a master"
    assert all(4096 - 82 <= own.slots((shard, 0)) <= 4096 + 82 for shard in range(4))
    run_ids = [next(line for line in text.splitlines() if line.startswith("run_id")) for text in started.values()]
    assert all(run_id in own.ask(member, "info", "server") for member, run_id in zip(started, run_ids, strict=True))
    slots = {member: own.slots(member) for member in own.members}
    own.form(120)
    assert slots == {member: own.slots(member) for member in own.members}, "it may run again"


@pytest.mark.slow
@pytest.mark.parametrize("own", [{"role": "cache"}], indirect=True)
def test_a_cache_master_that_is_back_empty_is_not_copied(own: Cluster) -> None:
    client = own.client()
    for value in range(300):
        client.set(f"kept:{value}", value)
    client.close()
    own.kill((0, 0))
    own.start((0, 0))
    wait_for("the replica leads", lambda: own.leader(0) == (0, 1), seconds=120)
    own.wait_whole()
    client = own.client()
    assert [value for value in range(300) if client.get(f"kept:{value}") is None] == []
    assert "waiting until one of them leads" in own.log((0, 0))


@pytest.mark.slow
@pytest.mark.parametrize("own", [{"tls": {"clients": "required"}}], indirect=True)
def test_nobody_comes_without_encryption(own: Cluster) -> None:
    own.client().set("key", "value")
    with pytest.raises((redis.RedisError, OSError)):
        redis.Redis(host=own.host((0, 0)), socket_timeout=2).ping()
