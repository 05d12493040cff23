"""Each alert of a group fires on what it watches, and on nothing else: judged by promtool."""

from typing import Any

import pytest

from components.redis_sentinel.alerts import Alerts
from components.redis_sentinel.settings import RedisSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
PROXIES = ("p1:8404", "p2:8404")
GB = 2**30


def labels(job: str, **more: str) -> str:
    return (
        "{" + ", ".join(f'{key}="{value}"' for key, value in {"job": job, "instance": "e:9121", **more}.items()) + "}"
    )


def healthy() -> Series:
    """Three members, member 0 is the master, and three Sentinels."""
    found: Series = {}
    for ordinal in range(3):
        one = f"redis-jobs-{ordinal}"
        watching = labels(f"sentinel-jobs-{ordinal}")
        found |= {
            f"up{labels(one)}": "1x80",
            f"redis_up{labels(one)}": "1x80",
            f"redis_instance_info{labels(one, role='slave' if ordinal else 'master')}": "1x80",
            f"redis_connected_slaves{labels(one)}": "0x80" if ordinal else "2x80",
            f"redis_memory_used_bytes{labels(one)}": f"{GB // 2}x80",
            f"redis_memory_max_bytes{labels(one)}": f"{GB}x80",
            f"redis_evicted_keys_total{labels(one)}": "0x80",
            f"up{watching}": "1x80",
            f"redis_up{watching}": "1x80",
            f"redis_sentinel_master_ckquorum_status{labels(f'sentinel-jobs-{ordinal}', master_name='main')}": "1x80",
        }
        if ordinal:
            found[f"redis_master_link_up{labels(one)}"] = "1x80"
    for proxy in PROXIES:
        leads = f'{{job="redis-jobs-rw", instance="{proxy}", proxy="primary"}}'
        found |= {up_of(proxy): "1x80", f"haproxy_backend_active_servers{leads}": "1x80"}
    return found


def up_of(proxy: str) -> str:
    return f'up{{job="redis-jobs-rw", instance="{proxy}"}}'


def alerts(**settings: Any) -> Alerts:
    """Of the group `jobs`, with a plain address."""
    return Alerts(
        name="jobs",
        settings=RedisSettings.model_validate({"endpoint": True, **settings}),
        members="redis-jobs-[0-9]+",
        sentinels="sentinel-jobs-[0-9]+",
        writes="redis-jobs-rw",
        proxies=2,
    )


def leads_nowhere(*proxies: str) -> Series:
    return {
        f'haproxy_backend_active_servers{{job="redis-jobs-rw", instance="{proxy}", proxy="primary"}}': "0x80"
        for proxy in proxies
    }


def lost(series: Series, *jobs: str, told: bool = True) -> Series:
    """Servers that do not answer the exporter: it says so, or it does not answer in time itself."""
    kept = {name: values for name, values in series.items() if not any(f'"{job}"' in name for job in jobs)}
    kept |= {f"up{labels(job)}": "1x80" if told else "0x80" for job in jobs}
    return kept | ({f"redis_up{labels(job)}": "0x80" for job in jobs} if told else {})


REPLICA, MASTER = "redis-jobs-1", "redis-jobs-0"
SENTINELS = [f"sentinel-jobs-{ordinal}" for ordinal in range(3)]
ALL = [f"redis-jobs-{ordinal}" for ordinal in range(3)] + SENTINELS
SECOND_MASTER = f"redis_instance_info{labels(REPLICA, role='master')}"
NO_QUORUM = {f"redis_sentinel_master_ckquorum_status{labels(job, master_name='main')}": "0x80" for job in SENTINELS}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(healthy(), [], id="healthy"),
        pytest.param(lost(healthy(), REPLICA), ["Down"], id="a replica is lost"),
        pytest.param(lost(healthy(), REPLICA, told=False), ["Down"], id="a replica does not even refuse"),
        pytest.param(lost(healthy(), MASTER), ["Down", "NoMaster"], id="the master is lost, and nobody is promoted"),
        pytest.param(lost(healthy(), SENTINELS[1]), ["SentinelDown"], id="a Sentinel is lost"),
        pytest.param(lost(healthy(), *ALL, told=False), ["ExporterDown"], id="the exporter is lost, and nothing else"),
        pytest.param(
            {}, ["ExporterDown", "ProxyDown", "WriteEndpointDown"], id="neither the exporter nor a proxy was ever found"
        ),
        pytest.param(healthy() | {up_of(PROXIES[0]): "0x80"}, ["ProxyDown"], id="a proxy is lost"),
        pytest.param(healthy() | leads_nowhere(*PROXIES), ["WriteEndpointDown"], id="no proxy leads to the master"),
        pytest.param(healthy() | leads_nowhere(PROXIES[0]), [], id="one does"),
        pytest.param(healthy() | {SECOND_MASTER: "1x80"}, ["TwoMasters", "NoReplica"], id="two masters"),
        pytest.param(
            healthy() | {f"redis_master_link_up{labels(REPLICA)}": "0x80"}, ["ReplicationBroken"], id="a broken link"
        ),
        pytest.param(healthy() | {f"redis_connected_slaves{labels(MASTER)}": "0x80"}, ["NoReplica"], id="no replica"),
        pytest.param(healthy() | NO_QUORUM, ["NoQuorum"], id="the Sentinels are cut off from each other"),
        pytest.param(
            healthy() | {f"redis_memory_used_bytes{labels(MASTER)}": f"{GB * 19 // 20}x80"},
            ["MemoryNearlyFull"],
            id="nearly full",
        ),
        pytest.param(
            healthy() | {f"redis_evicted_keys_total{labels(MASTER)}": "0+5x80"}, ["Evicts"], id="a broker that evicts"
        ),
    ],
)
def test_what_fires_for_a_broker(changed: Series, expected: list[str]) -> None:
    fire(alerts(role="broker").rules(), changed, {f"Redis_jobs{suffix}" for suffix in expected}, after="10m")


@pytest.mark.parametrize(("role", "expected"), [("broker", True), ("lock", True), ("session", False), ("cache", False)])
def test_who_must_not_evict(role: str, expected: bool) -> None:
    """The others do so as they should."""
    evicted = healthy() | {f"redis_evicted_keys_total{labels(MASTER)}": "0+5x80"}
    fire(alerts(role=role).rules(), evicted, {"Redis_jobsEvicts"} if expected else (), after="10m")


def test_a_failover_is_over_before_anything_fires() -> None:
    """The master is away for 30 s, then another is it, and the old one its replica."""
    series = healthy() | {
        f"redis_up{labels(MASTER)}": "1x20 0x2 1x60",
        f"redis_instance_info{labels(MASTER, role='master')}": "1x20 stale",
        f"redis_instance_info{labels(REPLICA, role='slave')}": "1x20 stale",
        SECOND_MASTER: "_x22 1x60",
        f"redis_connected_slaves{labels(REPLICA)}": "0x20 1x2 2x60",
    }
    for minutes in range(4, 9):
        fire(alerts(role="session").rules(), series, (), after=f"{minutes}m")


def test_a_full_cache_and_a_single_member_are_as_they_should_be() -> None:
    full = f"redis_memory_used_bytes{labels(MASTER)}"
    for members in (3, 1):
        fire(alerts(role="cache", members=members).rules(), healthy() | {full: f"{GB}x80"}, (), after="10m")
