"""Each alert of a schedule fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.observability import ScrapeTarget
from components.schedules import schedule_rules
from model.clock import parse
from platforms.scheduled.history import History
from tests.promtool import fire, metrics

pytestmark = pytest.mark.live

Series = dict[str, str]
TARGET = ScrapeTarget(job="schedule-web-tidy", replicas_host="web-tidy-clock", port=9199)
RULES = schedule_rules("web-tidy", TARGET)


def told(metric: str) -> str:
    return f'{metric}{{job="schedule-web-tidy", instance="10.0.0.1:9199"}}'


WELL: Series = {
    told("up"): "1x100",
    told("ha_schedule_failed"): "1x10 0x90",
    told("ha_schedule_over_deadline"): "0x20 1x10 0x70",
    told("ha_schedule_overdue_seconds"): "0+15x10 0x90",
}
LOST: Series = {name: values for name, values in WELL.items() if "ha_schedule" not in name} | {told("up"): "1x20 0x80"}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (WELL, set()),
        (WELL | {told("ha_schedule_failed"): "0x80 1x20"}, {"Failed"}),
        (WELL | {told("ha_schedule_over_deadline"): "0x80 1x20"}, {"OverDeadline"}),
        (WELL | {told("ha_schedule_overdue_seconds"): "0x80 4300+15x20"}, {"Missed"}),
        (LOST, {"Down"}),
        ({}, {"Down"}),
    ],
)
def test_an_alert_fires_on_what_it_watches(series: Series, expected: set[str]) -> None:
    fire(RULES, series, {f"Schedule_web_tidy{name}" for name in expected}, after="25m")


def test_the_clock_has_what_the_rules_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    history = History(tmp_path_factory.mktemp("clock") / "state.json", keep=1, now=0.0)
    page = history.metrics(parse("0 2 * * *"), within=60.0, now=60.0)
    served = {line.split()[0].partition("{")[0] for line in page.splitlines()}
    assert {name for rule in RULES for name in metrics(rule.expr)} - {"up"} <= served
