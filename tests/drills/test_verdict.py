"""Each promise that was not kept, and each that says nothing."""

from dataclasses import replace
from typing import Any

import pytest

from drills.faults import FAULTS
from drills.results import Result
from drills.verdict import broken
from tests.drills.test_results import RESULT

POSTGRES = "swarm postgres-killed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"measured_outage_s": 11.5}, []),
        ({"measured_outage_s": 11.6}, [f"{POSTGRES} run 1: no writes for 11.6 s, promised 11.5 s"]),
        ({"lost": 2}, [f"{POSTGRES} run 1: 2 acknowledged writes lost, promised at most 0"]),
        ({"lost": 2, "promised_lost": None}, []),
        ({"failed_requests": 7}, []),
        ({"measured_outage_s": 0.1}, []),
        ({"promised_outage_s": None, "measured_outage_s": 99}, []),
        (
            {"fault": "app-replica-killed", "promised_outage_s": None, "failed_requests": 1},
            ["swarm app-replica-killed run 1: 1 safe requests failed, promised at most 0"],
        ),
        ({"fault": "proxy-killed", "platform": "kubernetes", "promised_outage_s": None, "failed_requests": 9}, []),
        ({"fault": "host-lost", "measured_outage_s": 0.3}, []),
        ({"fault": "of another version", "lost": 9}, []),
    ],
)
def test_one_run(change: dict[str, Any], said: list[str]) -> None:
    assert [*broken([replace(RESULT, **change)], FAULTS)] == said


def _runs(*seconds: float, **change: Any) -> list[Result]:
    return [replace(RESULT, run=run, measured_outage_s=one, **change) for run, one in enumerate(seconds, 1)]


def test_the_width_is_judged_over_all_runs_of_which_there_are_enough() -> None:
    """A timer's phase is random: one run of 5.75 s is enough, whatever the others needed."""
    assert [*broken(_runs(4, 4, 4, 4, 5.75), FAULTS)] == []
    assert [*broken(_runs(4, 4, 4, 4), FAULTS)] == []
    (line,) = broken(_runs(4, 4, 5.7, 4, 4), FAULTS)
    assert line == f"{POSTGRES}: 11.5 s are promised, more than twice the longest of 5 measured outages (5.7 s)"


def test_runs_of_another_setting_say_nothing_of_the_width() -> None:
    assert [*broken([*_runs(9, setting="other"), *_runs(4, 4, 4, 4)], FAULTS)] == []
    assert len([*broken([*_runs(9, setting="other"), *_runs(4, 4, 4, 4, 4)], FAULTS)]) == 1


def test_a_promise_about_a_worse_case_may_be_wide() -> None:
    assert [*broken(_runs(1, 1, 1, 1, 1, fault="host-lost"), FAULTS)] == []
