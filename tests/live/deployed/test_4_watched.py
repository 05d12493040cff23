"""What is declared is scraped, and an alert reaches somebody."""

import httpx
import pytest

from tests.live.deployed.deployment import Settings
from tests.live.deployed.site import Site
from tests.live.deployed.stack import ALERTMANAGER_PORT, PROMETHEUS_PORT
from tests.live.deployed.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def test_every_declared_target_is_up(site: Site) -> None:
    wait_for("every target answers", lambda: _down_jobs(site) == set(), seconds=120)
    jobs = {sample["metric"]["job"] for sample in _query(site, "up")}
    expected = {
        "app-web",
        "balancer-edge",
        "postgres-main",
        "postgres-main-rw",
        "redis-sessions-0",
        "node-exporter",
        "prometheus",
    }
    assert expected <= jobs, f"declared but not scraped: {expected - jobs}"
    assert httpx.get(f"http://{site.address}:{ALERTMANAGER_PORT}/-/ready", timeout=10).status_code == 200


def test_an_alert_reaches_the_receiver(site: Site) -> None:
    """The write endpoint's metrics go away with its last proxy... here: an expected replica that never answers."""

    def one_more_than_there_are(settings: Settings) -> None:
        settings["apps"]["web"]["metrics"] = {"path": "/nothing-here"}

    def as_it_was(settings: Settings) -> None:
        settings["apps"]["web"]["metrics"] = {}

    site.deployment.up_ok(one_more_than_there_are)
    try:
        receiver = site.replicas("alerts")[0]
        read = ["python3", "-c", _READ_ALERTS]
        text = wait_for(
            "the alert is at the webhook",
            lambda: _firing(site.run_in(receiver, read)),
            seconds=240,
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


def _down_jobs(site: Site) -> set[str] | None:
    samples = _query(site, "up")
    if not samples:
        return None
    return {sample["metric"]["job"] for sample in _query(site, "up == 0")}
