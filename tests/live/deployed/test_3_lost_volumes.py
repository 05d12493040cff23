"""One member of each kind comes back on an empty volume, under a writer: it joins again, and nothing is lost."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from sandbox.load import in_background, run_writes
from tests.live.deployed.caches import master, redis, sentinel
from tests.live.deployed.loads import answers
from tests.live.deployed.site import Site
from tests.live.deployed.stack import MEMBERS
from tests.live.deployed.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1500, func_only=True)]
WORDS = ("main-etcd", "main-pg", "sessions-redis", "sessions-sentinel")
BACK_SECONDS = 240
"""A start on a busy machine; healthy members need 5 to 30 s."""
KEYS = 200


def test_lost_volumes_are_filled_again(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    answers(site.url, "/ready")
    wait_for("every member is healthy", lambda: _healthy(site), seconds=120)
    redis(site, master(site), f"eval \"for i=1,{KEYS} do redis.call('set','kept:'..i,i) end\" 0")
    seconds: dict[str, float] = {}
    with in_background(lambda stop: run_writes(site.url, seconds=1200, stop=stop)) as writer:
        asyncio.run(asyncio.sleep(3))  # the writer itself is the condition: steady before the first loss
        for what, find in LOSSES.items():
            word, ordinal = find(site)
            site.lose_volume(word, ordinal)
            began = time.monotonic()
            wait_for(f"healthy again: {what}", lambda: _healthy(site), seconds=BACK_SECONDS)
            seconds[what] = round(time.monotonic() - began, 1)
            wait_for(f"every Redis holds the keys: {what}", lambda: _all_kept(site), seconds=30)
        writer.stop()
        report = writer.result(timeout_seconds=240)
    (reports / f"{request.node.callspec.id}-lost-volumes.json").write_text(
        json.dumps({"seconds": seconds, **asdict(report)}, indent=2)
    )
    print(
        f"lost volumes, seconds until all is healthy: {seconds}; {report.acknowledged} acknowledged, "
        f"{len(report.lost)} lost, {report.failed} failed, outage {report.longest_outage_seconds} s"
    )
    assert report.acknowledged > 100
    assert report.lost == (), "no acknowledged write is lost"


def _of_role(role: str) -> Callable[[Site], tuple[str, int]]:
    return lambda site: ("main-pg", int(next(n for n, r in _patroni(site).items() if r == role).rsplit("-", 1)[1]))


def _replica_of_master(site: Site) -> tuple[str, int]:
    return "sessions-redis", (master(site) + 1) % MEMBERS


LOSSES: dict[str, Callable[[Site], tuple[str, int]]] = {
    "etcd member": lambda _: ("main-etcd", 1),
    "etcd member, the second time": lambda _: ("main-etcd", 1),
    "PostgreSQL replica": _of_role("sync_standby"),
    "PostgreSQL primary": _of_role("leader"),
    "Redis replica": _replica_of_master,
    "Redis master": lambda site: ("sessions-redis", master(site)),
    "Sentinel": lambda _: ("sessions-sentinel", 0),
}
"""What is lost -> which member that is."""


def _healthy(site: Site) -> bool:
    """Everybody is there and says so; a LookupError or a ValueError is a no."""
    ready = {word: len(site.ready_members(word)) for word in WORDS}
    if ready != dict.fromkeys(WORDS, MEMBERS):
        raise LookupError(f"ready: {ready}")
    # etcd 3.4 says it on standard error, which only some ways into a container bring along.
    etcd = site.run_in(site.member("main-etcd", 0), ["sh", "-c", "etcdctl endpoint health --cluster 2>&1"])
    if etcd.count("is healthy") != MEMBERS or "unhealthy" in etcd:
        raise LookupError(etcd)
    patroni = _patroni(site)
    if sorted(patroni.values()) != ["leader", "replica", "sync_standby"]:
        raise LookupError(f"patroni: {patroni}")
    ordinal = master(site)
    replication = redis(site, ordinal, "info replication")
    if replication.count("state=online") != MEMBERS - 1:
        raise LookupError(replication)
    for ordinal in range(MEMBERS):
        known = sentinel(site, ordinal, "info sentinel")
        if f"slaves={MEMBERS - 1},sentinels={MEMBERS}" not in known or "status=ok" not in known:
            raise LookupError(known)
    return True


def _patroni(site: Site) -> dict[str, str]:
    """Member -> role, of those that lead or stream."""
    text = site.run_in(site.member("main-pg", 0), ["curl", "-s", "http://127.0.0.1:8008/cluster"])
    return {one["name"]: one["role"] for one in json.loads(text)["members"] if one["state"] in ("running", "streaming")}


def _all_kept(site: Site) -> bool:
    """What a member prints is a number, or why there is none."""
    command = "eval \"return #redis.call('keys','kept:*')\" 0"
    kept = [redis(site, ordinal, command).strip() for ordinal in range(MEMBERS)]
    if kept != [str(KEYS)] * MEMBERS:
        raise LookupError(f"keys of each member: {kept}")
    return True
