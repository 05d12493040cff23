"""Each alert of the scaler fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.monitoring_stack.scaler import rules
from components.observability import ScrapeTarget, down_rule
from model.scaling import SCALER_JOB as JOB
from tests.promtool import fire

RULES = (down_rule("Scaler", ScrapeTarget(job=JOB, replicas_host="x", port=1)), *rules(f'{{job="{JOB}"}}'))
Series = dict[str, str]


def one(figure: str, values: str, app: str = "web", **more: str) -> Series:
    labels = {"job": JOB, "instance": "10.0.0.1:9198", "app": app, **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"ha_scaler_{figure}{{{text}}}": f"{values}x160"}


def up(values: str = "1") -> Series:
    return {f'up{{job="{JOB}", instance="10.0.0.1:9198"}}': f"{values}x160"}


def app(name: str = "web", *, replicas: str = "5", need: str = "5") -> Series:
    return {
        **one("replicas", replicas, name), **one("need", need, name), **one("most", "10", name),
        **one("stuck", "0", name), **one("held", "0", name),
        **one("blind", "0", name, metric="cpu"), **one("blind", "0", name, metric="memory"),
    }  # fmt: skip


HEALTHY = {**up(), **app(), **app("api")}
CASES: dict[str, tuple[Series, set[str]]] = {
    "healthy": (HEALTHY, set()),
    "at the most, and no more is needed": (HEALTHY | app(replicas="10", need="10"), set()),
    "more is needed, and on the way": (HEALTHY | app(replicas="9", need="14"), set()),
    "more is needed than is allowed": (HEALTHY | app(replicas="10", need="14"), {"ScalerAtMost"}),
    "no figures of one metric": (HEALTHY | one("blind", "1", metric="memory"), {"ScalerBlind"}),
    "it can change nothing": (HEALTHY | one("stuck", "1"), {"ScalerStuck"}),
    "an update never ends": (HEALTHY | one("held", "1"), {"ScalerHeld"}),
    "it does not answer": (HEALTHY | up("0"), {"ScalerDown"}),
    "it is not there": ({}, {"ScalerDown"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fires(case: str) -> None:
    series, expected = CASES[case]
    fire(RULES, series, expected, after="38m")


def test_a_short_time_is_nothing() -> None:
    series = HEALTHY | one("blind", "1", metric="cpu") | one("stuck", "1") | app("api", replicas="10", need="14")
    fire(RULES, series, set(), after="4m")
