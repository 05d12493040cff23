"""What is declared is scraped, and an alert reaches somebody."""

import httpx
import pytest

from tests.live.deployed.deployment import Settings
from tests.live.deployed.loads import answers
from tests.live.deployed.site import Site
from tests.live.deployed.stack import ALERTMANAGER_PORT, PROMETHEUS_PORT
from tests.live.deployed.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_every_declared_target_is_up(site: Site) -> None:
    expected = {
        "app-web",
        "balancer-edge",
        "postgres-main",
        "postgres-main-rw",
        "redis-sessions-0",
        "node-exporter",
        "prometheus",
    }

    def all_up() -> bool:
        """Targets are found by DNS, every 15 s, and scraped every 5 s."""
        jobs, down = _jobs(site, "up"), _jobs(site, "up == 0")
        if missing := expected - jobs:
            raise LookupError(f"declared but not scraped: {missing}")
        if down:
            raise LookupError(f"scraped but down: {down}")
        return True

    wait_for("every declared target is up", all_up, seconds=180)
    answers(f"http://{site.address}:{ALERTMANAGER_PORT}", "/-/ready")


def test_an_alert_reaches_the_receiver(site: Site) -> None:
    """The write endpoint's metrics go away with its last proxy... here: an expected replica that never answers."""

    def one_more_than_there_are(settings: Settings) -> None:
        settings["apps"]["web"]["metrics"] = {"path": "/nothing-here"}

    def as_it_was(settings: Settings) -> None:
        settings["apps"]["web"]["metrics"] = {}

    site.deployment.up_ok(one_more_than_there_are)
    try:
        receiver = site.member("alerts", 0)
        read = ["python3", "-c", _READ_ALERTS]
        text = wait_for(
            "the alert is at the webhook",
            lambda: _firing(site.run_in(receiver, read)),
            seconds=300,
            every=3,
        )
        assert "App_web" in text
    finally:
        site.deployment.up_ok(as_it_was)


_READ_ALERTS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/alerts').read().decode())"


def _firing(text: str) -> str:
    return text if "App_web" in text and "firing" in text else ""


def _query(site: Site, expression: str) -> list[dict[str, dict[str, str]]]:
    try:
        response = httpx.get(
            f"http://{site.address}:{PROMETHEUS_PORT}/api/v1/query", params={"query": expression}, timeout=10
        )
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
    result: list[dict[str, dict[str, str]]] = response.json()["data"]["result"]
    return result


def _jobs(site: Site, expression: str) -> set[str]:
    return {sample["metric"]["job"] for sample in _query(site, expression)}
