"""What is declared is scraped, and an alert reaches somebody."""

import re
from typing import Any

import httpx
import pytest

from drills.loads import answers
from drills.site import Site
from drills.stack import ALERTMANAGER_PORT, PROMETHEUS_PORT
from drills.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_every_declared_target_is_scraped(site: Site) -> None:
    expected = {
        "app-web": 1,
        "app-alerts": 0,
        "balancer-edge": 1,
        "postgres-main": 1,
        "postgres-main-rw": 1,
        "postgres-main-server-0": 1,
        "postgres-main-store": 1,
        "redis-sessions-0": 1,
        "sentinel-sessions-0": 1,
        "node-exporter": 1,
        "prometheus": 1,
    }

    def all_as_they_are() -> bool:
        """Targets are found by DNS, every 15 s, and scraped every 5 s."""
        up = _up(site)
        if missing := expected.keys() - up.keys():
            raise LookupError(f"declared but not scraped: {missing}")
        if wrong := {job for job, value in expected.items() if up[job] != {value}}:
            raise LookupError(f"up or down against what is expected: {wrong}")
        return True

    wait_for("every declared target is scraped", all_as_they_are, seconds=180)
    answers(f"http://{site.address}:{ALERTMANAGER_PORT}", "/-/ready")


def test_every_rule_reads_what_something_exports(site: Site) -> None:
    """Each metric that a rule names has series here, so that no rule is quiet because nobody tells it anything."""
    prometheus = f"http://{site.address}:{PROMETHEUS_PORT}/api/v1"
    groups = httpx.get(f"{prometheus}/rules", timeout=10).json()["data"]["groups"]
    read = {name for group in groups for rule in group["rules"] for name in re.findall(r"(\w+){", rule["query"])}
    assert read

    def all_are_there() -> bool:
        exported = httpx.get(f"{prometheus}/label/__name__/values", timeout=10).json()["data"]
        if missing := read - set(exported):
            raise LookupError(f"nothing exports {sorted(missing)}")
        return True

    wait_for("every metric has series", all_are_there, seconds=60)


@pytest.mark.once
def test_an_alert_reaches_the_receiver(site: Site) -> None:
    """The one application without metrics is the receiver itself."""
    receiver = site.member("alerts", 0)
    read = ["python3", "-c", _READ_ALERTS]
    wait_for("the alert is at the webhook", lambda: _firing(site.run_in(receiver, read)), seconds=300, every=3)


_READ_ALERTS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/alerts').read().decode())"


def _firing(text: str) -> bool:
    return "App_alerts" in text and "firing" in text


def _query(site: Site, expression: str) -> list[dict[str, Any]]:
    try:
        response = httpx.get(
            f"http://{site.address}:{PROMETHEUS_PORT}/api/v1/query", params={"query": expression}, timeout=10
        )
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error
    result: list[dict[str, Any]] = response.json()["data"]["result"]
    return result


def _up(site: Site) -> dict[str, set[int]]:
    """Job -> whether its targets are up (1) or not (0)."""
    found: dict[str, set[int]] = {}
    for sample in _query(site, "up"):
        found.setdefault(sample["metric"]["job"], set()).add(int(sample["value"][1]))
    return found
