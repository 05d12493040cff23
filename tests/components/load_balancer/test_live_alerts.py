"""Each alert of a balancer fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.load_balancer.haproxy.watched import rules
from components.observability import ScrapeTarget, down_rule
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
TARGET = ScrapeTarget(job="balancer-edge", replicas_host="tasks.edge", port=8404, expected=2)
RULES = (down_rule("Balancer_edge", TARGET), *rules("Balancer_edge", 'job="balancer-edge"'))
HOUR = 60
"""Samples."""


def one(metric: str, values: str, number: int = 0, /, **more: str) -> Series:
    labels = {"job": "balancer-edge", "instance": f"10.0.0.{number}:8404", **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"{metric}{{{text}}}": values}


def answers(ok: str, failed: str = "0x1000", route: str = "web") -> Series:
    """Of the entry and of one route, at the first of two proxies."""
    found: Series = {}
    for code, values in (("2xx", ok), ("5xx", failed)):
        found |= one("haproxy_frontend_http_responses_total", values, proxy="public", code=code)
        found |= one("haproxy_backend_http_responses_total", values, proxy=route, code=code)
    return found


def healthy() -> Series:
    """Ten requests a second, and never an error."""
    found = answers(f"0+600x{7 * HOUR}", f"0x{7 * HOUR}")
    for number in (0, 1):
        found |= one("up", f"1x{7 * HOUR}", number)
        for route in ("web", "api", "ejecting_api", "no_route"):
            servers = 0 if route in ("ejecting_api", "no_route") else 3
            found |= one("haproxy_backend_active_servers", f"{servers}x{7 * HOUR}", number, proxy=route)
            for state in ("UP", "DOWN", "MAINT"):
                count = servers if state == "UP" else 3 if route == "ejecting_api" else 0
                status = one(
                    "haproxy_backend_agg_server_status", f"{count}x{7 * HOUR}", number, proxy=route, state=state
                )
                found |= status
    return found


def counted(*parts: tuple[float, int]) -> str:
    """A counter: so many more with each of so many samples."""
    words, at = [], 0.0
    for more, samples in parts:
        words.append(f"{at:g}+{more:g}x{samples - 1}")
        at += more * samples
    return " ".join(words)


DOWN = {"proxy": "web", "state": "DOWN"}
OUTAGE = answers(counted((600, 59), (480, HOUR)), counted((0, 59), (120, HOUR)))
NO_REPLICA = one("haproxy_backend_active_servers", "0x100", proxy="web")
CASES: dict[str, tuple[Series, str, set[str]]] = {
    "healthy": ({}, "60m", set()),
    "nobody comes": (answers("0x100"), "60m", set()),
    "a proxy is lost": (one("up", "0x100", 1), "60m", {"Down"}),
    "one proxy sees no replica": (NO_REPLICA, "60m", set()),
    "a route has no replica": (
        NO_REPLICA | one("haproxy_backend_active_servers", "0x100", 1, proxy="web"),
        "60m",
        {"RouteWithoutReplica"},
    ),
    "a replica fails": (one("haproxy_backend_agg_server_status", "1x100", **DOWN), "60m", {"ReplicaFails"}),
    "a replica failed for five minutes": (
        one("haproxy_backend_agg_server_status", "0x54 1x5 0x30", **DOWN),
        "60m",
        set(),
    ),
    "an outage of twelve minutes": (OUTAGE, "71m", {"RouteErrors", "ErrorBudgetBurnsFast"}),
    "an outage that began a minute ago": (OUTAGE, "60m", set()),
    "an outage that ended an hour and a half ago": (
        answers(counted((600, 25), (480, 5), (600, 2 * HOUR)), counted((0, 25), (120, 5), (0, 2 * HOUR))),
        "120m",
        {"ErrorBudgetBurns"},
    ),
    "a few errors all day": (answers(f"0+597.6x{7 * HOUR}", f"0+2.4x{7 * HOUR}"), "400m", {"ErrorBudgetBurns"}),
    "as few as may be": (answers(f"0+599.6x{7 * HOUR}", f"0+0.4x{7 * HOUR}"), "400m", set()),
    "a small route has nothing but errors": (
        one("haproxy_backend_http_responses_total", "0x100", proxy="api", code="2xx")
        | one("haproxy_backend_http_responses_total", "0+4x100", proxy="api", code="5xx"),
        "60m",
        {"RouteErrors"},
    ),
    "two requests at night, and both fail": (answers("0x100", "0x54 1 2x60"), "60m", set()),
}


@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_on_what_they_watch_alone(case: str) -> None:
    changed, after, expected = CASES[case]
    fire(RULES, healthy() | changed, {f"Balancer_edge{name}" for name in expected}, after=after, every="1m")
