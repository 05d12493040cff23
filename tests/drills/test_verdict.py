"""Each promise that was not kept, and each that says nothing."""

from dataclasses import replace
from typing import Any

import pytest

from drills.faults import FAULTS
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
        ({"measured_outage_s": 5.75}, []),
        (
            {"measured_outage_s": 5.7},
            [
                f"{POSTGRES}: 11.5 s are promised, more than twice the longest of 1 measured outages (5.7 s)",
            ],
        ),
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


def test_the_width_is_judged_over_all_runs() -> None:
    """One run of 8.2 s is enough, whatever the others needed; runs of another setting say nothing of it."""
    quick = [replace(RESULT, run=run, measured_outage_s=4) for run in (2, 3)]
    assert [*broken([RESULT, *quick], FAULTS)] == []
    other = replace(RESULT, setting="other")
    (line,) = broken([other, *quick], FAULTS)
    assert line == f"{POSTGRES}: 11.5 s are promised, more than twice the longest of 2 measured outages (4 s)"
