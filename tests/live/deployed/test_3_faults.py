"""Proxies and primaries that die."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drills.faults.databases import PostgresKilled
from drills.loads import SAFE_PATH, answers
from drills.promised import promised_seconds
from drills.site import Site
from drills.waiting import wait_for
from sandbox.load import HttpReport, in_background, run_http
from tests.live.deployed.drilled import drilled
from tests.live.deployed.loads import RATE, keep

STARTING = RATE // 2
"""Requests in half a second: a new proxy answers 503 until DNS has named its replicas, for hundredths of one."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_a_killed_proxy_fails_only_the_requests_that_went_to_it(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    """Swarm: clients know an entry for each host, and only those at the killed proxy's host fail, until a client goes
    to the other one. Kubernetes: one port of the node; the node stops choosing the killed proxy."""
    killed, *others = site.entries
    total = 20 * RATE
    with (
        in_background(lambda stop: run_http(f"{killed}{SAFE_PATH}", rate=RATE, total=total, stop=stop)) as at_killed,
        ExitStack() as stack,
    ):
        at_others = [stack.enter_context(in_background(_steady(entry, total))) for entry in others]
        asyncio.run(asyncio.sleep(3))  # the load itself is the condition: steady before the fault
        site.kill(site.replicas("edge")[0])
        report = at_killed.result(timeout_seconds=180)
        rest = [load.result(timeout_seconds=180) for load in at_others]
    keep(reports, f"{request.node.callspec.id}-proxy-killed", report)
    for one in rest:
        keep(reports, f"{request.node.callspec.id}-other-proxy", one)
        assert one.failed == 0, f"clients of the other proxy see nothing of it: {one.failures}"
    starting = report.failures.get("status 503", 0)
    answered_wrong = sum(count for kind, count in report.failures.items() if kind.startswith("status")) - starting
    print(
        f"explained: {report.failed} of {report.sent} requests to the killed proxy's entry failed: nothing listened "
        f"there, or the connection broke or went to an address that was gone ({starting}: answered by the new proxy)"
    )
    assert starting < STARTING, f"the new proxy finds its replicas at once: {report.failures}"
    assert answered_wrong == 0, f"who reaches a proxy is answered: {report.failures}"
    if not others:
        assert report.failed < total / 4, "the node goes on with the other proxy"
    wait_for("both proxies run", lambda: len(site.replicas("edge")) == 2, seconds=180)
    for entry in site.entries:
        answers(entry, "/ready")


def test_a_killed_primary_loses_no_acknowledged_write(site: Site, reports: Path) -> None:
    done = drilled(PostgresKilled(site), reports)
    slow = promised_seconds(site, "databases.main", "primary killed, slow recovery")
    print(f"promised: {done.result.promised_outage_s} s, and where the recovery is slow {slow} s")
    assert done.writes.acknowledged > 100
    assert done.writes.lost == (), "no acknowledged write is lost"
    assert done.result.measured_outage_s <= slow, "the promise holds, on a machine that is as busy as it likes"


def _steady(entry: str, total: int) -> Callable[[asyncio.Event], Coroutine[Any, Any, HttpReport]]:
    return lambda stop: run_http(f"{entry}{SAFE_PATH}", rate=RATE, total=total, stop=stop)
