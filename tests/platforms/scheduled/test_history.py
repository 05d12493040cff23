"""What a schedule remembers, and when a run counts as missed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.clock import parse
from platforms.scheduled.history import MARGIN_SECONDS, History
from tests.components.monitoring_stack.record import compared

CLOCK = parse("0 2 * * *")
WITHIN = 600.0 + 3600.0
DAY = 86400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


DUE = at("2026-05-02 02:00")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "state.json", keep=2, now=at("2026-05-01 12:00"))


def figures(history: History, now: float) -> dict[str, float]:
    text = history.metrics(CLOCK, within=WITHIN, now=now)
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines()}


def test_a_run_that_succeeded(history: History) -> None:
    history.begin("a", DUE)
    assert figures(history, DUE + 60)["ha_schedule_running"] == 1
    history.end("a", "succeeded", 0, 90.0, DUE + 90)
    found = figures(history, DUE + WITHIN + MARGIN_SECONDS + 1)
    assert found["ha_schedule_running"] == found["ha_schedule_failed"] == found["ha_schedule_overdue_seconds"] == 0
    assert found["ha_schedule_last_start_timestamp_seconds"] == DUE
    assert found["ha_schedule_last_success_timestamp_seconds"] == DUE + 90
    assert found["ha_schedule_last_duration_seconds"] == 90
    assert found["ha_schedule_next_timestamp_seconds"] == DUE + DAY
    assert found['ha_schedule_runs_total{result="succeeded"}'] == 1


def test_what_it_tells_is_as_recorded(history: History) -> None:
    compared("schedule", "our clock", lambda: [history.metrics(CLOCK, within=WITHIN, now=DUE)], closed=("result",))


def test_no_run_is_missed_before_one_could_have_ended_and_then_it_is(history: History) -> None:
    late = DUE + WITHIN + MARGIN_SECONDS
    assert figures(history, late - 1)["ha_schedule_overdue_seconds"] == 0
    assert figures(history, late + 1)["ha_schedule_overdue_seconds"] == pytest.approx(late + 1 - DUE)
    history.end("a", "succeeded", 0, 1.0, late + 2)
    assert figures(history, late + 3)["ha_schedule_overdue_seconds"] == 0
    assert figures(history, late + 3 + DAY)["ha_schedule_overdue_seconds"] > 0, "the next one is missed too"


def test_what_was_due_before_the_history_began_is_not_missed(tmp_path: Path) -> None:
    history = History(tmp_path / "state.json", keep=2, now=DUE + 1)
    assert figures(history, DUE + DAY - 1)["ha_schedule_overdue_seconds"] == 0


@pytest.mark.parametrize(("result", "metric"), [("failed", "failed"), ("stopped", "failed"), ("over_deadline",) * 2])
def test_a_run_that_failed_is_told_until_one_succeeds(history: History, result: str, metric: str) -> None:
    history.begin("a", DUE)
    history.end("a", result, 1, 5.0, DUE + 5)
    found = figures(history, DUE + 6)
    assert found[f"ha_schedule_{metric}"] == 1
    assert found["ha_schedule_failed"] + found["ha_schedule_over_deadline"] == 1, "one alert for one fault"
    assert found["ha_schedule_last_failure_timestamp_seconds"] == DUE + 5
    assert figures(history, DUE + WITHIN + MARGIN_SECONDS + 1)["ha_schedule_overdue_seconds"] > 0
    history.begin("b", DUE + DAY)
    history.end("b", "succeeded", 0, 5.0, DUE + DAY + 5)
    assert figures(history, DUE + DAY + 6)[f"ha_schedule_{metric}"] == 0


def test_a_run_of_which_nobody_hears_again_is_lost(history: History) -> None:
    history.begin("a", DUE)
    history.lose_older(WITHIN, DUE + WITHIN - 1)
    assert figures(history, DUE + WITHIN)["ha_schedule_running"] == 1
    history.lose_older(WITHIN, DUE + WITHIN + 1)
    found = figures(history, DUE + WITHIN + 2)
    assert (found["ha_schedule_running"], found["ha_schedule_failed"]) == (0, 1)
    history.end("a", "succeeded", 0, 1.0, DUE + WITHIN + 3)
    assert figures(history, DUE + WITHIN + 4)["ha_schedule_failed"] == 0, "it did say so, late"


def test_a_run_that_is_told_twice_counts_once(history: History) -> None:
    for _ in range(2):
        history.begin("a", DUE)
    for _ in range(2):
        history.end("a", "succeeded", 0, 5.0, DUE + 5)
    found = figures(history, DUE + 6)
    assert found['ha_schedule_runs_total{result="succeeded"}'] == 1
    assert found['ha_schedule_runs_total{result="lost"}'] == 0


def test_so_many_of_each_kind_are_remembered(history: History) -> None:
    for number, result in enumerate(["failed", "failed", "failed", "succeeded", "succeeded", "succeeded", "succeeded"]):
        history.begin(str(number), DUE + number)
        history.end(str(number), result, 0, 1.0, DUE + number)
    assert [run["run"] for run in history.told()["runs"]] == ["1", "2", "5", "6"]


def test_it_outlives_the_container(history: History, tmp_path: Path) -> None:
    history.begin("a", DUE)
    history.end("a", "succeeded", 0, 5.0, DUE + 5)
    history.begin("b", DUE + DAY)
    again = History(tmp_path / "state.json", keep=2, now=DUE + DAY + 60)
    assert again.told() == history.told()
    assert again.since == at("2026-05-01 12:00")


def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state.json").write_text("{")
    assert History(tmp_path / "state.json", keep=2, now=DUE).since == DUE
    assert "begins anew" in capsys.readouterr().out
    assert json.loads((tmp_path / "state.json").read_text())["since"] == DUE
