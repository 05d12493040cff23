"""Faults of one key and faults across keys come in one report."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from composition.read import STACK_KEY, check
from settings.faults import BrokenStack
from tests.stacks.fixtures import GOOD, MIXED, normal, settings_of


def refused(settings: Any, secrets: frozenset[str] | None = frozenset()) -> BrokenStack:
    with pytest.raises(BrokenStack) as broken:
        check(settings, source="stack", secret_names=secrets)
    return broken.value


@pytest.mark.parametrize("path", MIXED, ids=lambda path: path.stem)
def test_a_mixed_stack_is_refused_for_exactly_what_it_lists(path: Path) -> None:
    expected = yaml.safe_load(path.read_text())
    report = refused(*settings_of(path))
    rules = {fault.path.removeprefix(f"{STACK_KEY}."): normal(fault.rule) for fault in report.faults}
    assert set(rules) == set(expected["faults"])
    assert len(rules) == len(report.faults), "one fault for each path"
    for where, words in expected["faults"].items():
        assert normal(words) in rules[where]
    assert list(report.unjudged) == expected["unjudged"]


def test_the_report_names_what_is_not_judged_yet() -> None:
    settings, secrets = settings_of(GOOD[0])
    settings["apps"]["web"]["replicas"] = 0
    last = str(refused(settings, secrets)).splitlines()[-1]
    assert last == "  Rules that involve apps.web are judged when these faults are mended."


def test_the_report_says_nothing_of_rules_where_all_were_judged() -> None:
    settings, secrets = settings_of(GOOD[0])
    settings["data"] = "maybe"
    settings["apps"]["web"]["env"] = {"API_TOKEN": "hunter2"}
    report = refused(settings, secrets)
    assert len(str(report).splitlines()) == 1 + len(report.faults) == 3


def test_unknown_secrets_are_not_reported_where_none_can_be_read() -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"]["secrets"] = {"key": "api_key"}
    settings["data"] = "maybe"
    assert [fault.path for fault in refused(settings, None).faults] == [f"{STACK_KEY}.data"]
    assert len(refused(settings).faults) == 2


@pytest.mark.parametrize("settings", [[], "web", 7, True])
def test_a_stack_that_is_no_map_is_one_fault(settings: object) -> None:
    assert [(fault.path, fault.rule) for fault in refused(settings).faults] == [(STACK_KEY, "must be a map")]
