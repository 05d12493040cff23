"""The alerts on an application's own metrics: when they fire, and that they are there for a bound alone."""

from typing import Any

import pytest

from components.app_tier.metrics import rules
from components.app_tier.settings import MetricsSettings
from tests.components.monitoring_stack import stacks
from tests.components.monitoring_stack.linter import documents, lint
from tests.promtool import fire
from tests.rendered.texts import PLATFORMS

NAMES = {"http_requests_total": "served_total", "http_request_duration_seconds": "took_seconds"}
BOUND: dict[str, Any] = {"names": NAMES, "slow": "800ms", "errors": {"above": 5, "label": "status"}}
JOB = 'job="app-web"'
LABELS = frozenset({"le", "status"})


def judged(series: dict[str, str], *expected: str, **settings: Any) -> None:
    bound = MetricsSettings.model_validate({**BOUND, **settings})
    fire([*rules("web", bound, "app-web")], series, expected, after="15m")


def durations(fast: str, every: str) -> dict[str, str]:
    """Requests within 0.5 s, and of any time up to 2.5 s, each two replicas."""
    return {
        f'http_request_duration_seconds_{suffix}{JOB},instance="{instance}"}}': values
        for instance in "ab"
        for suffix, values in (
            ('bucket{le="0.5",', fast),
            ('bucket{le="2.5",', every),
            ('bucket{le="+Inf",', every),
            ("count{", every),
        )
    }


def answers(good: str, bad: str, label: str = "status", code: str = "503") -> dict[str, str]:
    return {
        f'http_requests_total{{{JOB},{label}="200"}}': good,
        f'http_requests_total{{{JOB},{label}="{code}"}}': bad,
    }


def test_slow_requests_are_told() -> None:
    judged(durations("0+80x80", "0+100x80"), "App_webSlow")
    judged(durations("0+99x80", "0+100x80"))
    judged(durations("0+80x80", "0+100x80"), slow="3s")


def test_a_slow_request_at_night_is_not() -> None:
    """Four in five minutes."""
    judged(durations("0x80", "0x60 4x20"))


@pytest.mark.parametrize("code", ["503", "5xx"])
def test_errors_are_told(code: str) -> None:
    judged(answers("0+90x80", "0+10x80", code=code), "App_webErrors")
    judged(answers("0+98x80", "0+2x80", code=code))
    judged(answers("0+90x80", "0+10x80", code=code), errors={"above": 20, "label": "status"})


def test_errors_are_found_by_the_label_of_the_application() -> None:
    judged(answers("0+90x80", "0+10x80", label="code"), "App_webErrors", errors={})
    judged(answers("0+90x80", "0+10x80", label="code"))


def test_answers_that_are_the_clients_fault_are_none() -> None:
    judged(answers("0+10x80", "0+90x80", code="404"))


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_bound_makes_a_rule_of_the_application(platform: str) -> None:
    found = stacks.composed(stacks.small(platform, web=BOUND))
    made = stacks.rules(found)
    assert {made[name]["labels"]["component"] for name in ("App_webSlow", "App_webErrors")} == {"web"}
    assert {made[name]["labels"]["severity"] for name in ("App_webSlow", "App_webErrors")} == {"warning"}
    told = {"app-web": {"served_total": LABELS, "took_seconds_bucket": LABELS, "took_seconds_count": LABELS}}
    assert lint(documents(found), told=told) == []
    wrong = lint(documents(found), told={"app-web": told["app-web"] | {"served_total": frozenset({"code"})}})
    assert any("App_webErrors" in line and "status" in line for line in wrong)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_without_a_bound_there_is_no_rule(platform: str) -> None:
    made = stacks.rules(stacks.composed(stacks.small(platform, web={"names": NAMES})))
    assert {name for name in made if name.startswith("App_")} == {"App_webDown"}


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"slow": "1s"}, "`slow` needs `names.http_request_duration_seconds`"),
        ({"errors": {}, "names": {"cache_hit_ratio": "hits"}}, "`errors` needs `names.http_requests_total`"),
        (BOUND | {"slow": "0s"}, "metrics.slow"),
        (BOUND | {"errors": {"above": 100}}, "metrics.errors.above"),
        (BOUND | {"errors": {"label": 'a"b'}}, "metrics.errors.label"),
    ],
)
def test_a_bound_without_its_metric_is_refused(metrics: dict[str, Any], said: str) -> None:
    (fault,) = stacks.faults(stacks.small(web=metrics))
    assert fault.path.startswith("ha-platform:stack.apps.web.metrics")
    assert said in f"{fault.path}: {fault.rule}"
