"""Proxies and primaries that die."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from sandbox.load import in_background, run_http, run_writes
from tests.live.deployed.loads import RATE, SAFE_PATH, answers, keep
from tests.live.deployed.site import Site
from tests.live.deployed.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def test_a_killed_proxy_fails_only_the_requests_that_went_to_it(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    """Clients know each entry (Swarm: one per host; Kubernetes: one port of the node, and the node chooses)."""
    entries = site.entries
    total = 20 * RATE
    with in_background(lambda stop: run_http(f"{entries[0]}{SAFE_PATH}", rate=RATE, total=total, stop=stop)) as first:
        others = [asyncio.run(_warm(entry)) for entry in entries[1:]]
        site.kill(site.replicas("edge")[0])
        report = first.result(timeout_seconds=180)
    keep(reports, f"{request.node.callspec.id}-proxy-killed", report)
    assert all(other == 200 for other in others)
    if report.failed:
        outage = report.first_failures[-1].at_seconds - report.first_failures[0].at_seconds
        print(f"explained: {report.failures} within {outage:.1f} s, while the killed proxy was down")
    connection = sum(count for kind, count in report.failures.items() if "connect" in kind or "closed" in kind)
    assert report.failed == connection, f"only broken or refused connections fail: {report.failures}"
    assert report.failed < total / 2, "the other proxy, or the restarted one, goes on"
    wait_for("both proxies run", lambda: len(site.replicas("edge")) == 2, seconds=120)
    for entry in site.entries:
        answers(entry, "/ready")


def test_a_killed_primary_loses_no_acknowledged_write(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    answers(site.url, "/ready")
    with in_background(lambda stop: run_writes(site.url, seconds=45, stop=stop)) as writer:
        asyncio.run(asyncio.sleep(5))  # the writer itself is the condition: steady before the fault
        site.kill(_primary(site))
        report = writer.result(timeout_seconds=240)
    (reports / f"{request.node.callspec.id}-primary-killed.json").write_text(json.dumps(asdict(report), indent=2))
    print(
        f"primary killed: {report.acknowledged} acknowledged, {len(report.lost)} lost, "
        f"{report.failed} failed, outage {report.longest_outage_seconds} s"
    )
    assert report.acknowledged > 100
    assert report.lost == (), "no acknowledged write is lost"
    assert report.longest_outage_seconds < 40, "writes go on"
    wait_for("every member is back", lambda: _healthy_members(site), seconds=180)


async def _warm(entry: str) -> int:
    report = await run_http(f"{entry}{SAFE_PATH}", rate=20, total=20)
    return 200 if report.failed == 0 else 500


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
    leader = next(name for name, role in _cluster(site).items() if role == "leader")
    replicas = [(workload, replica) for workload in _members(site) for replica in site.replicas(workload)]
    return next(replica for workload, replica in replicas if leader in (workload, replica))


def _healthy_members(site: Site) -> bool:
    expected: int = site.deployment.settings["databases"]["main"]["members"]
    return len(_cluster(site)) == expected
