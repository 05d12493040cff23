"""Proxies and primaries that die."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from drills.loads import SAFE_PATH, answers
from drills.promised import promised_seconds
from drills.site import Site
from drills.waiting import wait_for
from sandbox.load import HttpReport, in_background, run_http, run_writes
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


def test_a_killed_primary_loses_no_acknowledged_write(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    answers(site.url, "/ready")
    url, primary = site.url, wait_for("a primary leads", lambda: _primary(site), seconds=60)
    with in_background(lambda stop: run_writes(url, seconds=120, stop=stop)) as writer:
        asyncio.run(asyncio.sleep(5))  # the writer itself is the condition: steady before the fault
        site.kill(primary)
        asyncio.run(asyncio.sleep(25))
        answers(url, "/ready")
        asyncio.run(asyncio.sleep(5))  # steady after it
        writer.stop()
        report = writer.result(timeout_seconds=240)
    (reports / f"{request.node.callspec.id}-primary-killed.json").write_text(json.dumps(asdict(report), indent=2))
    print(
        f"primary killed: {report.acknowledged} acknowledged, {len(report.lost)} lost, "
        f"{report.failed} failed, outage {report.longest_outage_seconds} s"
    )
    assert report.acknowledged > 100
    assert report.lost == (), "no acknowledged write is lost"
    quick, slow = (promised_seconds(site, "databases.main", f"primary killed{how}") for how in ("", ", slow recovery"))
    print(f"promised: {quick} s, and where the recovery is slow {slow} s")
    assert report.longest_outage_seconds <= slow, "the promise holds, on a machine that is as busy as it likes"
    wait_for("every member is back", lambda: _healthy_members(site), seconds=240)


def _steady(entry: str, total: int) -> Callable[[asyncio.Event], Coroutine[Any, Any, HttpReport]]:
    return lambda stop: run_http(f"{entry}{SAFE_PATH}", rate=RATE, total=total, stop=stop)


def _cluster(site: Site) -> dict[str, str]:
    """Patroni's view: member name -> role, of members that stream or lead."""
    members = [replica for workload in _members(site) for replica in site.replicas(workload)]
    text = site.run_in(members[0], ["curl", "-s", "http://127.0.0.1:8008/cluster"])
    return {one["name"]: one["role"] for one in json.loads(text)["members"] if one["state"] in ("running", "streaming")}


def _members(site: Site) -> list[str]:
    """Swarm runs a service for each member; Kubernetes one StatefulSet."""
    single = site.replicas("main-pg")
    return ["main-pg"] if single else [f"main-pg-{ordinal}" for ordinal in range(3)]


def _primary(site: Site) -> str:
    """The leader's replica; empty while there is none."""
    leader = next((name for name, role in _cluster(site).items() if role == "leader"), None)
    replicas = [(workload, replica) for workload in _members(site) for replica in site.replicas(workload)]
    return next((replica for workload, replica in replicas if leader in (workload, replica)), "")


def _healthy_members(site: Site) -> bool:
    expected: int = site.deployment.settings["databases"]["main"]["members"]
    return len(_cluster(site)) == expected
