"""Each alert of a cluster fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.redis_cluster.alerts import Alerts
from components.redis_cluster.settings import ClusterSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
GB = 2**30
MEMBERS = [(shard, number) for shard in range(3) for number in range(2)]


def series(metric: str, shard: int, number: int, values: str, **more: str) -> Series:
    labels = {"job": f"redis-cluster-keys-{shard}-{number}", "instance": "e:9121", **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"{metric}{{{text}}}": values}


def healthy() -> Series:
    """Three shards of two, each led by its first member."""
    found: Series = {}
    for shard, number in MEMBERS:
        found |= series("up", shard, number, "1x80") | series("redis_up", shard, number, "1x80")
        found |= series("redis_instance_info", shard, number, "1x80", role="slave" if number else "master")
        found |= series("redis_connected_slaves", shard, number, "0x80" if number else "1x80")
        found |= series("redis_cluster_state", shard, number, "1x80")
        found |= series("redis_cluster_slots_ok", shard, number, "16384x80")
        found |= series("redis_memory_used_bytes", shard, number, f"{GB // 2}x80")
        found |= series("redis_memory_max_bytes", shard, number, f"{GB}x80")
        found |= series("redis_evicted_keys_total", shard, number, "0x80")
        if number:
            found |= series("redis_master_link_up", shard, number, "1x80")
    return found


def lost(found: Series, *members: tuple[int, int], told: bool = True) -> Series:
    """Members that do not answer the exporter: it says so, or it does not answer in time itself."""
    for shard, number in members:
        job = f'"redis-cluster-keys-{shard}-{number}"'
        found = {name: values for name, values in found.items() if job not in name}
        found |= series("up", shard, number, "1x80" if told else "0x80")
        found |= series("redis_up", shard, number, "0x80") if told else {}
    return found


def everywhere(metric: str, values: str) -> Series:
    return {name: value for one in MEMBERS for name, value in series(metric, *one, values).items()}


def promoted(found: Series, shard: int) -> Series:
    """Its home is away, and its second member leads without a replica."""
    kept = lost(found, (shard, 0))
    kept = {name: values for name, values in kept.items() if "role" not in name or f"keys-{shard}-1" not in name}
    link = next(iter(series("redis_master_link_up", shard, 1, "")))
    return {name: values for name, values in kept.items() if name != link} | series(
        "redis_instance_info", shard, 1, "1x80", role="master"
    )


CASES: dict[str, tuple[str, Series, set[str]]] = {
    "healthy": ("store", healthy(), set()),
    "a replica down": (
        "store",
        lost(healthy(), (1, 1)) | series("redis_connected_slaves", 1, 0, "0x80"),
        {"Down", "MasterWithoutReplica"},
    ),
    "a master down, its replica leads": ("store", promoted(healthy(), 0), {"Down", "MasterWithoutReplica"}),
    "a replica that does not follow": (
        "store",
        healthy() | series("redis_master_link_up", 2, 1, "0x80"),
        {"ReplicationBroken"},
    ),
    "one that was cut off knows less": (
        "store",
        healthy() | series("redis_cluster_state", 2, 1, "0x80") | series("redis_cluster_slots_ok", 2, 1, "0x80"),
        set(),
    ),
    "a shard without a master": (
        "store",
        lost(healthy(), (0, 0), (0, 1)) | everywhere("redis_cluster_slots_ok", "10923x80"),
        {"Down", "SlotsNotServed", "MastersMissing"},
    ),
    "no majority": ("store", healthy() | everywhere("redis_cluster_state", "0x80"), {"NotOk"}),
    "the exporter is gone": ("store", lost({}, *MEMBERS, told=False), {"ExporterDown"}),
    "nearly full": ("store", healthy() | series("redis_memory_used_bytes", 1, 0, f"{GB}x80"), {"MemoryNearlyFull"}),
    "a full cache": ("cache", healthy() | series("redis_memory_used_bytes", 1, 0, f"{GB}x80"), set()),
    "a store that evicts": ("store", healthy() | series("redis_evicted_keys_total", 1, 0, "0+5x80"), {"Evicts"}),
    "sessions that are evicted": ("session", healthy() | series("redis_evicted_keys_total", 1, 0, "0+5x80"), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_on_what_they_watch_alone(case: str) -> None:
    role, found, expected = CASES[case]
    settings = ClusterSettings.model_validate({"role": role})
    rules = Alerts(name="keys", settings=settings, members="redis-cluster-keys-[0-9]+-[0-9]+").rules()
    fire(rules, found, {f"RedisCluster_keys{name}" for name in expected}, after="15m")
