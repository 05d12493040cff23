"""Requests spread over the replicas, sessions stay, and a killed replica costs nobody an answer."""

import asyncio
from pathlib import Path

import httpx
import pytest

from drills.faults.apps import AppReplicaKilled
from drills.loads import answers
from drills.site import Site
from drills.waiting import wait_for
from sandbox.load import in_background, run_http
from tests.live.deployed.drilled import TOTAL, drilled
from tests.live.deployed.loads import RATE, keep

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
    """The control: on a route without retries the same kill does, so the load would notice a failed request. Some
    of its requests are always in flight."""
    without_retries = f"{site.url}/replica?ms=500"
    wait_for("three replicas answer", lambda: len(_spread(site.url)) == 3, seconds=180)
    with in_background(lambda stop: run_http(without_retries, rate=RATE / 2, total=TOTAL, stop=stop)) as load:
        report = drilled(AppReplicaKilled(site), reports, rate=RATE, least=TOTAL).requests
        load.stop()
        control = load.result(timeout_seconds=60)
    keep(reports, f"{request.node.callspec.id}-replica-killed-without-retries", control)
    assert report.sent >= TOTAL
    assert report.failed == 0, f"{report.failures}: {report.first_failures}"
    assert control.failed > 0, "a kill fails requests that are not tried again, or this test proves nothing"


def _spread(url: str) -> dict[str, int]:
    report = asyncio.run(run_http(f"{url}/replica", rate=90, total=90))
    return report.replicas
