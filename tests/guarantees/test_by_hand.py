"""Budgets against sums made by hand. Each number stands once, with its source."""

from typing import Any

import pytest

from guarantees.promise import Promise
from guarantees.surroundings import Surroundings
from tests.guarantees.budgets import KUBERNETES, SWARM, failover, postgres, redis, redis_cluster, seconds

# PostgreSQL
CONTAINER = 2  # measured: until a new container of the same member runs
PATRONI, SERVER = 2, 2  # measured: their starts, with little to recover
PROMOTE, HAND_OVER = 1, 3  # measured: below 1 s; below 1 s and 2.2 s of Patroni's own
ELECTION, LEASE = 2, 1.5  # etcd: 2 x 1 s election timeout; 1 s extension, looked at every 0.5 s
SILENT = 2  # Patroni's timeout for each member's REST API
LOOKS = 1 + 1 + 1.5  # the first is late, the last ends late; a lost member of the store
WAKE = 1  # a look each second; then a lost member of the store has a third of `retry_timeout` (5 s), rounded up
SENDER = 10  # `wal_sender_timeout`
REPLACED = 1  # one write to the store and a reload
CHECK = 0.5  # the write proxy: `downinter 500ms rise 1`
ADDRESS = 2  # the write proxy: `hold 1s`, `timeout resolve 1s`
CONNECT = 5  # `connect_timeout` of the contract
RETRY = 1  # the client
PAUSE = 3  # the pooler's default
LOGIN, GONE = 1, 5  # the pooler: `server_login_retry = 1`, `tcp_user_timeout = 5000`
# The platforms
SWARM_RESTART, SWARM_NAME = 1, 1  # `delay=1s`; `timeout:1 attempts:1`
KUBELET_RESTART, CLUSTER_NAME = 1, 5  # the kubelet's look; the C library's `timeout:5`
# Sentinel
PING, INFO, ACK, STEPS = 1, 1, 1, 0.4  # sentinel.c, replication.c
ANSWER = 2  # `socket_timeout` of the contract
HUNG = 5 + 2  # `repl-timeout 5`, whole seconds, looked at once a second
ASK = 2  # the start script's `timeout 2`
RENEWED = 2  # SENTINEL_PING_PERIOD, and the look of the member
EMPTY_PEERS = 15  # redis_start.sh
PROXY_READY = NAMED = 5  # Swarm's health checks

# A cluster
TOLD, VOTE = 1.1, 1.3  # clusterCron: one ping a second, ten looks a second; 0.5 to 1 s until votes are asked for
WRITABLE, MET, STARTED = 2, 3, 2  # CLUSTER_WRITABLE_DELAY; watch.sh; measured: with little data
HANDED_OVER = 1  # measured: 0.1 to 0.5 s

POSTGRES: list[tuple[Surroundings, dict[str, Any], str, float]] = [
    (SWARM, {}, "primary killed", SWARM_RESTART + CONTAINER + PATRONI + SERVER + ADDRESS + CHECK + RETRY),
    (KUBERNETES, {}, "primary killed", KUBELET_RESTART + CONTAINER + PATRONI + SERVER + CHECK + RETRY),
    (SWARM, {"synchronous": True, "failover": {"release_after": 5}}, "primary killed",
     SWARM_RESTART + CONTAINER + PATRONI + SERVER + ADDRESS + CHECK + RETRY),  # it is back before its lock is taken
    (SWARM, {"synchronous": True, "failover": {"release_after": 1}}, "primary killed",
     1 + (0.25 + 0.25) + SERVER + ADDRESS + CHECK + RETRY),  # it is back just in time; a successor would be sooner
    (KUBERNETES, {"synchronous": True, "failover": {"release_after": 4}}, "primary killed",
     4 + (1 + 1) + 1 + SILENT + PROMOTE + CHECK + RETRY),
    (SWARM, {}, "server process killed", 10 + SERVER + CHECK + RETRY),
    (SWARM, {"failover": failover(20, 5, 5)}, "server process killed", 5 + SERVER + CHECK + RETRY),
    (SWARM, {}, "primary killed, slow recovery",
     SWARM_RESTART + CONTAINER + PATRONI + 30 + 10 + PROMOTE + CHECK + RETRY),
    (SWARM, {"failover": {"primary_start": 10}}, "primary killed, slow recovery",
     SWARM_RESTART + CONTAINER + PATRONI + 10 + 10 + PROMOTE + CHECK + RETRY),
    (SWARM, {}, "host lost",
     ELECTION + LEASE + 30 + 10 + SILENT + PROMOTE + SWARM_NAME + CHECK + CONNECT + RETRY),
    (SWARM, {"failover": failover(20, 5, 5)}, "host lost",
     ELECTION + LEASE + 20 + 5 + SILENT + PROMOTE + SWARM_NAME + CHECK + CONNECT + RETRY),
    (KUBERNETES, {}, "host lost",
     ELECTION + LEASE + 30 + 10 + SILENT + PROMOTE + CLUSTER_NAME + CHECK + CONNECT + RETRY),
    (SWARM, {"synchronous": True, "failover": failover(20, 5, 5) | {"release_after": 4}}, "host lost",
     ELECTION + 4 + LOOKS + WAKE + 1.7 + SILENT + PROMOTE + SWARM_NAME + CHECK + CONNECT + RETRY),
    (SWARM, {"synchronous": True, "failover": failover(20, 2, 9) | {"release_after": 4}}, "host lost",
     ELECTION + 4 + LOOKS + 2 + SILENT + PROMOTE + SWARM_NAME + CHECK + CONNECT + RETRY),
    (SWARM, {"synchronous": True, "failover": failover(20, 5, 5) | {"release_after": 2}}, "host lost",
     ELECTION + 2 + (0.5 + 0.5 + 1.5) + 0.5 + 1.7 + SILENT + PROMOTE + SWARM_NAME + CHECK + CONNECT + RETRY),
    (SWARM, {"synchronous": True}, "standby killed", 10 + REPLACED),
    (SWARM, {"synchronous": "strict", "failover": failover(20, 5, 6)}, "standby's host lost",
     SENDER + ELECTION + 6 / 3 + 5 + REPLACED),
    (KUBERNETES, {"synchronous": True, "members": 5, "parameters": {"wal_sender_timeout": "4s"}}, "standby's host lost",
     4 + ELECTION + 10 / 5 + 10 + REPLACED),
    (SWARM, {"members": 2}, "switchover", HAND_OVER + PROMOTE + CHECK + RETRY),
    (SWARM, {"pooler": {}}, "switchover", PAUSE + HAND_OVER + PROMOTE + CHECK + LOGIN + RETRY),
    (SWARM, {"pooler": {"mode": "session"}}, "switchover", HAND_OVER + PROMOTE + CHECK + LOGIN + RETRY),
    (KUBERNETES, {"pooler": {}}, "host lost",
     ELECTION + LEASE + 30 + 10 + SILENT + PROMOTE + CLUSTER_NAME + CHECK + LOGIN + GONE + CONNECT + RETRY),
    (SWARM, {"members": 1}, "primary killed", SWARM_RESTART + CONTAINER + PATRONI + SERVER + ADDRESS + CHECK + RETRY),
]  # fmt: skip
REDIS: list[tuple[Surroundings, dict[str, Any], str, float]] = [
    (SWARM, {}, "master killed", 1 + STEPS + INFO + ACK + RETRY),
    (SWARM, {"endpoint": True}, "master killed", 1 + STEPS + INFO + ACK + CHECK + RETRY),
    (SWARM, {"role": "cache"}, "master killed", 1 + STEPS + INFO + RETRY),
    (SWARM, {"failover": "standard"}, "master killed", HUNG + ACK + RETRY),
    (SWARM, {"timers": {"down_after": 6000, "failover_timeout": 9}}, "master killed", 6 + STEPS + INFO + ACK + RETRY),
    (SWARM, {"timers": {"down_after": 3000}}, "master killed", HUNG + ACK + RETRY),
    (SWARM, {"failover": "standard", "min_replicas": {"max_lag": 8}}, "master killed", 8 + 2 + ACK + RETRY),
    (KUBERNETES, {"timers": {"down_after": 3000}}, "master killed", 3 + STEPS + INFO + ACK + RETRY),
    (SWARM, {"timers": {"down_after": 3000}, "min_replicas": {"to_write": 0}}, "master killed",
     3 + STEPS + INFO + RETRY),
    (KUBERNETES, {"failover": "standard"}, "master killed", 5 + STEPS + INFO + ACK + RETRY),
    (SWARM, {}, "host lost", PING + 1 + STEPS + INFO + ACK + ANSWER + SWARM_NAME + RETRY),
    (KUBERNETES, {}, "host lost", PING + 1 + STEPS + INFO + ACK + ANSWER + CLUSTER_NAME + RETRY),
    (SWARM, {}, "host lost, first vote split",
     PING + 1 + STEPS + INFO + ACK + 2 * 5 + 1 + ANSWER + SWARM_NAME + RETRY),
    (SWARM, {"timers": {"down_after": 2000, "failover_timeout": 3}}, "host lost, first vote split",
     PING + 2 + STEPS + INFO + ACK + 2 * 3 + 1 + ANSWER + SWARM_NAME + RETRY),
    (SWARM, {}, "master stopped", STEPS + INFO + ACK + RETRY),
    (SWARM, {"min_replicas": {"to_write": 0}}, "master killed", 1 + STEPS + INFO + RETRY),
    (SWARM, {"role": "cache", "min_replicas": {"to_write": 1}}, "master killed", 1 + STEPS + INFO + ACK + RETRY),
    (SWARM, {"min_replicas": {"to_write": 2}}, "master killed",
     1 + STEPS + INFO + ACK + SWARM_RESTART + CONTAINER + SERVER + RETRY),
    (SWARM, {"min_replicas": {"to_write": 2}}, "replica killed", SWARM_RESTART + CONTAINER + SERVER + ACK + RETRY),
    (KUBERNETES, {"min_replicas": {"to_write": 2}}, "master stopped",
     STEPS + INFO + ACK + KUBELET_RESTART + CONTAINER + SERVER + RETRY),
    (SWARM, {}, "everything restarted",
     SWARM_RESTART + CONTAINER + 2 * ASK + SERVER + NAMED + 1 + 2 * 5 + 1 + STEPS + INFO + ACK + RETRY),
    (KUBERNETES, {"failover": "standard", "default_user": "off"}, "everything restarted",
     KUBELET_RESTART + CONTAINER + (2 + 2) * ASK + SERVER + 5 + 2 * 10 + 1 + STEPS + INFO + ACK + RETRY),
    (SWARM, {"timers": {"down_after": 500, "failover_timeout": 2}}, "everything restarted",
     SWARM_RESTART + CONTAINER + 2 * ASK + SERVER + NAMED + RENEWED + HUNG + ACK + RETRY),
    (SWARM, {"role": "cache", "endpoint": True}, "everything restarted",
     SWARM_RESTART + CONTAINER + 2 * ASK + EMPTY_PEERS + SERVER + NAMED + 1 + 2 * 5 + 1 + STEPS + INFO
     + PROXY_READY + CHECK + RETRY),
    (SWARM, {"members": 1}, "master killed", SWARM_RESTART + CONTAINER + SERVER + RETRY),
    (SWARM, {"members": 1, "endpoint": True}, "master killed",
     SWARM_RESTART + CONTAINER + SERVER + ADDRESS + CHECK + RETRY),
]  # fmt: skip


@pytest.mark.parametrize(("around", "settings", "fault", "sum_by_hand"), POSTGRES)
def test_postgres(around: Surroundings, settings: dict[str, Any], fault: str, sum_by_hand: float) -> None:
    assert seconds(postgres(around, **settings)[fault]) == sum_by_hand


@pytest.mark.parametrize(("around", "settings", "fault", "sum_by_hand"), REDIS)
def test_redis(around: Surroundings, settings: dict[str, Any], fault: str, sum_by_hand: float) -> None:
    assert seconds(redis(around, **settings)[fault]) == pytest.approx(sum_by_hand)


def test_every_timer_has_a_source() -> None:
    found = [*postgres().values(), *postgres(members=1).values(), *redis().values(), *redis(endpoint=True).values()]
    timers = [timer for promise in found for timer in promise.timers]
    assert len(timers) > 50
    assert all(timer.source for timer in timers)


@pytest.mark.parametrize("found", [postgres(members=1)["host lost"], redis(members=1)["host lost"]])
def test_the_only_member_is_away_as_long_as_its_host(found: Promise) -> None:
    assert found.outage_millis is None
    assert "until the host is back" in found.unbounded


def test_members_that_share_a_node_may_all_be_lost() -> None:
    from platforms.kubernetes.settings import KubernetesSettings

    shared = KubernetesSettings(kind="kubernetes", nodes=1, share_nodes=True).surroundings()
    assert postgres(shared)["host lost"].outage_millis is None
    assert redis(shared)["host lost"].outage_millis is None


def test_a_write_that_needs_every_replica_waits_for_each() -> None:
    found = redis(min_replicas={"to_write": 2})
    assert found["host lost"].outage_millis is None
    assert "until the host is back: a write needs 2 replicas" in found["host lost"].unbounded
    assert "replica killed" not in redis()


@pytest.mark.parametrize("fault", ["standby killed", "standby's host lost"])
def test_who_waits_for_a_standby(fault: str) -> None:
    """Whoever writes, where a write needs it; with two `strict` servers for as long as it is away."""
    assert fault not in postgres()
    assert fault not in postgres(members=1, store={"members": 1})
    assert str(postgres(synchronous=True)[fault].loss) == "none"
    assert postgres(synchronous="strict", members=2)[fault].outage_millis is None


def test_a_refused_time_does_not_stop_the_report_of_all_faults() -> None:
    found = postgres(synchronous=True, parameters={"wal_sender_timeout": "soon"})
    assert seconds(found["standby's host lost"]) == seconds(postgres(synchronous=True)["standby's host lost"])


def test_a_server_that_never_gives_a_replica_up() -> None:
    found = postgres(synchronous=True, parameters={"wal_sender_timeout": "0"})
    assert found["standby's host lost"].outage_millis is None
    assert "parameters.wal_sender_timeout" in found["standby's host lost"].fix


@pytest.mark.parametrize("fault", ["host lost", "primary killed, slow recovery"])
def test_strict_writes_of_two_servers_wait_for_both(fault: str) -> None:
    assert postgres(synchronous="strict", members=2)[fault].outage_millis is None
    assert postgres(synchronous="strict", members=3)[fault].outage_millis == postgres()[fault].outage_millis
    assert str(postgres(synchronous="strict")[fault].loss) == "none"


def test_a_store_of_one_member_is_lost_with_its_host() -> None:
    assert postgres(members=3, store={"members": 1})["host lost"].outage_millis is None
    assert postgres(members=5)["host lost"].outage_millis == postgres()["host lost"].outage_millis


def test_what_may_be_lost() -> None:
    """Asynchronous: 1 MiB behind what is recorded every loop_wait. A primary that is cut off goes on for a look, its
    tries and the others' REST (2 s): 30/10/10 22 s, 20/5/5 12 s. Redis: max-lag 3 s in whole seconds, once a second."""
    assert {str(one.loss) for one in postgres(synchronous=True).values()} == {"none"}
    assert str(postgres()["primary killed"].loss) == str(postgres()["switchover"].loss) == "none"
    lost = postgres()["host lost"].loss
    assert (lost.behind_bytes, lost.millis, lost.cut_off_millis) == (2**20, 10_000, 22_000)
    assert postgres(failover=failover(20, 5, 5))["host lost"].loss.cut_off_millis == 12_000
    assert redis()["host lost"].loss.bound == 5_000
    assert redis(min_replicas={"max_lag": 8})["host lost"].loss.bound == 10_000
    assert redis(min_replicas={"to_write": 0})["host lost"].loss.bound is None
    assert redis(role="cache")["host lost"].loss.bound is None
    assert redis(role="cache", min_replicas={"to_write": 1})["host lost"].loss.bound == 5_000
    assert redis(members=1)["host lost"].loss.bound == 2_000  # everysec may be a second late
    assert str(redis(role="lock", members=1)["host lost"].loss) == "none"
    assert redis(role="lock")["host lost"].loss.bound == 5_000  # on the master's disk, not on its replicas'


CLUSTER: list[tuple[Surroundings, dict[str, Any], str, float | None]] = [
    # Heard just now, asked again after half of it, silent, and the second master finds out half of it later.
    (SWARM, {"node_timeout": "10s"}, "master killed", 5 + 10 + 5 + TOLD + VOTE + RETRY),
    # Or it is back just before, and is waited for.
    (SWARM, {}, "master killed", 2.5 + 5 + WRITABLE + MET + RETRY),
    (KUBERNETES, {"node_timeout": "1s"}, "master killed", 0.5 + 1 + WRITABLE + MET + RETRY),
    (SWARM, {}, "replica killed", RETRY),
    (SWARM, {}, "host lost", 2.5 + 5 + 2.5 + TOLD + VOTE + ANSWER + SWARM_NAME + RETRY),
    (SWARM, {"masters": 5}, "host lost", 2.5 + 5 + 2.5 + TOLD + VOTE + ANSWER + SWARM_NAME + RETRY),
    (SWARM, {"masters": 4}, "host lost", None),  # 2 + 1 + 1: two of four are no majority
    (SWARM, {"masters": 6}, "host lost", 2.5 + 5 + 2.5 + TOLD + VOTE + ANSWER + SWARM_NAME + RETRY),  # 2 + 2 + 2
    (SWARM, {"masters": 4, "hosts": ["a", "b", "c", "d"]}, "host lost",
     2.5 + 5 + 2.5 + TOLD + VOTE + ANSWER + SWARM_NAME + RETRY),
    (SWARM, {"hosts": ["a", "b"]}, "host lost", None),  # 2 + 1: one of three is no majority
    (KUBERNETES, {}, "host lost", None),  # by preference
    (SWARM, {}, "master stopped", HANDED_OVER + RETRY),
    (SWARM, {}, "everything restarted",
     SWARM_RESTART + CONTAINER + STARTED + NAMED + MET + 2.5 + 5 + 2.5 + TOLD + VOTE + RETRY),
    (KUBERNETES, {"node_timeout": "2s"}, "everything restarted",
     KUBELET_RESTART + CONTAINER + STARTED + MET + 1 + 2 + 1 + TOLD + VOTE + RETRY),
]  # fmt: skip


@pytest.mark.parametrize(("around", "settings", "fault", "sum_by_hand"), CLUSTER)
def test_redis_cluster(around: Surroundings, settings: dict[str, Any], fault: str, sum_by_hand: float | None) -> None:
    promise = redis_cluster(around, **settings)[fault]
    assert seconds(promise) == (None if sum_by_hand is None else pytest.approx(sum_by_hand))


@pytest.mark.parametrize(
    ("settings", "fault", "lost"),
    [
        ({}, "master killed", 7_700),  # 1.5 x 5 s, and two looks
        ({"node_timeout": "2s"}, "host lost", 3_200),
        ({}, "master stopped", 0),
        ({}, "everything restarted", 2_000),
        ({"role": "cache"}, "everything restarted", None),
    ],
)
def test_what_a_redis_cluster_may_lose(settings: dict[str, Any], fault: str, lost: int | None) -> None:
    assert redis_cluster(**settings)[fault].loss.bound == lost
