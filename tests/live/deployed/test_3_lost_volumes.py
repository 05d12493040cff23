"""One member of each kind comes back on an empty volume, under a writer: it joins again, and nothing is lost."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from drills import databases
from drills.caches import master, redis
from drills.health import healthy
from drills.loads import answers
from drills.site import Site
from drills.stack import MEMBERS
from drills.waiting import wait_for
from sandbox.load import in_background, run_writes

pytestmark = [pytest.mark.live, pytest.mark.once, pytest.mark.timeout(1500, func_only=True)]
BACK_SECONDS = 240
"""A start on a busy machine; healthy members need 5 to 30 s."""
KEYS = 200


def test_lost_volumes_are_filled_again(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    answers(site.url, "/ready")
    wait_for("every member is healthy", lambda: healthy(site), seconds=120)
    redis(site, master(site), f"eval \"for i=1,{KEYS} do redis.call('set','kept:'..i,i) end\" 0")
    seconds: dict[str, float] = {}
    with in_background(lambda stop: run_writes(site.url, seconds=1200, stop=stop)) as writer:
        asyncio.run(asyncio.sleep(3))  # the writer itself is the condition: steady before the first loss
        for what, find in LOSSES.items():
            word, ordinal = find(site)
            site.lose_volume(word, ordinal)
            began = time.monotonic()
            wait_for(f"healthy again: {what}", lambda: healthy(site), seconds=BACK_SECONDS)
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
    return lambda site: (databases.WORD, databases.of_role(site, role))


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


def _all_kept(site: Site) -> bool:
    """What a member prints is a number, or why there is none."""
    command = "eval \"return #redis.call('keys','kept:*')\" 0"
    kept = [redis(site, ordinal, command).strip() for ordinal in range(MEMBERS)]
    if kept != [str(KEYS)] * MEMBERS:
        raise LookupError(f"keys of each member: {kept}")
    return True
