"""Requests spread over the replicas, sessions stay, and a killed replica costs nobody an answer."""

import asyncio
from pathlib import Path

import httpx
import pytest

from sandbox.load import run_http
from tests.live.deployed.deployment import Settings
from tests.live.deployed.loads import RATE, TOTAL, answers, keep, under_load
from tests.live.deployed.site import Site
from tests.live.deployed.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_requests_spread_over_all_replicas(site: Site) -> None:
    answers(site.url, "/ready")

    def thirds() -> bool:
        """Round robin gives each of three replicas a third of 90, once the proxies know all three."""
        spread = _spread(site.url)
        if len(spread) != 3 or min(spread.values()) < 20:
            raise LookupError(f"three thirds of 90 expected: {spread}")
        return True

    wait_for("requests spread", thirds, seconds=90)


def test_a_sticky_cookie_holds(site: Site) -> None:
    with httpx.Client(base_url=site.url, timeout=10) as client:
        answered = {client.get("/session").headers["x-replica"] for _ in range(12)}
    assert len(answered) == 1, "a client with the cookie stays on its replica"


def test_a_chat_is_streamed_and_stored(site: Site) -> None:
    with httpx.stream("GET", f"{site.url}/chat?prompt=hello&tokens=40&delay_ms=50", timeout=30) as response:
        chunks = list(response.iter_text())
    assert response.status_code == 200
    assert len(chunks) > 3, "tokens arrive as they are made, not at the end"
    assert '"stored": true' in "".join(chunks), "the exchange is in the database"


def test_a_killed_replica_costs_no_request(site: Site, reports: Path, request: pytest.FixtureRequest) -> None:
    report = under_load(site.url, lambda: site.kill(site.replicas("web")[0]))
    keep(reports, f"{request.node.callspec.id}-replica-killed", report)
    assert report.sent >= TOTAL
    assert report.failed == 0, f"{report.failures}: {report.first_failures}"
    wait_for("the replica is back", lambda: len(site.replicas("web")) == 3, seconds=180)


def test_without_retries_a_killed_replica_costs_requests(
    site: Site, reports: Path, request: pytest.FixtureRequest
) -> None:
    """The control: the same kills show that the load would notice a failure."""

    def retries_off(settings: Settings) -> None:
        for route in settings["balancers"]["edge"]["routes"]:
            route["retries"] = None

    def retries_on(settings: Settings) -> None:
        for route in settings["balancers"]["edge"]["routes"]:
            del route["retries"]

    site.deployment.up_ok(retries_off)
    answers(site.url, "/ready")
    try:
        failed = 0
        for attempt in range(3):
            wait_for("three replicas answer", lambda: len(_spread(site.url)) == 3, seconds=180)
            report = under_load(site.url, lambda: site.kill(site.replicas("web")[0]), total=10 * RATE, after=3)
            keep(reports, f"{request.node.callspec.id}-replica-killed-without-retries-{attempt}", report)
            failed += report.failed
            if failed:
                break
        assert failed > 0, "a kill under load without retries fails requests, or the test above proves nothing"
    finally:
        site.deployment.up_ok(retries_on)
        answers(site.url, "/ready")


def _spread(url: str) -> dict[str, int]:
    report = asyncio.run(run_http(f"{url}/replica", rate=90, total=90))
    return report.replicas
