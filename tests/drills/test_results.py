"""The file of results grows, and is never written over."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drills.errors import DrillError
from drills.results import Result, Results

RESULT = Result(
    fault="postgres-killed",
    platform="swarm",
    setting="product",
    run=1,
    promised_outage_s=11.5,
    measured_outage_s=8.2,
    promised_lost=0,
    lost=0,
    failed_requests=0,
    old_member="main-pg-0: replica",
    date="2026-11-26",
)


def test_runs_are_added_and_read_again(tmp_path: Path) -> None:
    Results("swarm", tmp_path / "out").add(RESULT)
    Results("swarm", tmp_path / "out").add(replace(RESULT, run=2, measured_outage_s=9.1))
    again = Results("swarm", tmp_path / "out")
    assert [one.measured_outage_s for one in again.all] == [8.2, 9.1]
    document = json.loads((tmp_path / "out/drills-swarm.json").read_text())
    wanted = {
        *("fault", "platform", "setting", "run", "promised_outage_s", "measured_outage_s"),
        *("promised_lost", "lost", "failed_requests"),
    }
    assert wanted <= document["results"][0].keys()
    assert document["machine"].keys() == {"cores", "memory_gib", "kernel"}, "and no name of it"
    assert [*tmp_path.glob("out/*")] == [tmp_path / "out/drills-swarm.json"]


def test_a_second_call_runs_what_is_missing(tmp_path: Path) -> None:
    results = Results("swarm", tmp_path)
    assert results.missing(["postgres-killed"], "product", 2) == [("postgres-killed", 1), ("postgres-killed", 2)]
    results.add(RESULT)
    asked = Results("swarm", tmp_path).missing(["postgres-killed", "proxy-killed"], "product", 2)
    assert asked == [("proxy-killed", 1), ("postgres-killed", 2), ("proxy-killed", 2)]
    assert Results("swarm", tmp_path).missing(["postgres-killed"], "other", 1) == [("postgres-killed", 1)]
    assert results.next_run("postgres-killed", "product") == 2
    assert results.next_run("postgres-killed", "other") == 1


def test_no_run_is_there_twice(tmp_path: Path) -> None:
    results = Results("swarm", tmp_path)
    results.add(RESULT)
    with pytest.raises(DrillError, match="run 1 of postgres-killed already"):
        results.add(RESULT)


def test_figures_of_two_machines_are_not_mixed(tmp_path: Path) -> None:
    Results("swarm", tmp_path).add(RESULT)
    path = tmp_path / "drills-swarm.json"
    document = json.loads(path.read_text())
    document["machine"]["cores"] = 96
    path.write_text(json.dumps(document))
    with pytest.raises(DrillError, match="another machine \\(96 cores"):
        Results("swarm", tmp_path).add(replace(RESULT, run=2))


@pytest.mark.parametrize("text", ["", "{", '{"results": [{"fault": "x"}]}', '{"results": [1]}', "[]", '{"machine": 1}'])
def test_a_file_that_is_something_else_is_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "drills-swarm.json"
    path.write_text(text)
    with pytest.raises(DrillError, match="Move it away, or fix it"):
        Results("swarm", tmp_path)
    assert path.read_text() == text
