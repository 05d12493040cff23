"""Faults of one key and faults across keys come in one report."""

import json
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from composition.read import SECRETS_KEY, STACK_KEY, check, read_stack
from settings.faults import BrokenStack
from tests.stacks.fixtures import GOOD, MIXED, normal, settings_of


def refused(settings: Any, secrets: frozenset[str] | None = frozenset()) -> BrokenStack:
    with pytest.raises(BrokenStack) as broken:
        check(settings, source="stack", secret_names=secrets)
    return broken.value


def refused_program(config: dict[str, str]) -> BrokenStack:
    """The report of a program that Pulumi gives this configuration."""

    def run() -> None:
        set_all_config(config)
        read_stack()

    with pytest.raises(BrokenStack) as broken:
        copy_context().run(run)
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
    assert last == "  Rules that involve apps.web are judged when these faults are fixed."


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


def test_a_secret_that_was_not_given_is_one_fault_whatever_uses_it() -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"]["secrets"] = {"key": "api_key", "other": "api_key"}
    settings["apps"]["worker"]["secrets"] = {"key": "api_key", "hook": "hook_url"}
    faults = refused(settings).faults
    assert [str(fault).partition(".")[2] for fault in faults] == [
        "apps.web.secrets.key: names a secret that was not given (got 'api_key'). Set it: `make secret KEY=api_key`. "
        "Also named by apps.web.secrets.other, apps.worker.secrets.key.",
        "apps.worker.secrets.hook: names a secret that was not given (got 'hook_url'). "
        "Set it: `make secret KEY=hook_url`.",
    ]


def test_the_program_says_how_pulumi_is_given_a_secret() -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"]["secrets"] = {"key": "api_key"}
    settings["apps"]["web"]["env"] = {"OTHER_TOKEN": "hunter2"}
    variable, secret = refused_program({STACK_KEY: json.dumps(settings)}).faults
    assert f"`pulumi config set -s {pulumi.get_stack()} --secret --path {SECRETS_KEY}.api_key`" in str(secret)
    assert f"--path {SECRETS_KEY}.other_token`" in str(variable)


@pytest.mark.parametrize("settings", [[], "web", 7, True])
def test_a_stack_that_is_no_map_is_one_fault(settings: object) -> None:
    assert [(fault.path, fault.rule) for fault in refused(settings).faults] == [(STACK_KEY, "must be a map")]


def test_faults_of_the_secrets_stand_in_the_same_report() -> None:
    settings, _ = settings_of(GOOD[0])
    settings["apps"]["web"] |= {"replicas": 0}
    settings["monitoring"]["alertmanager"]["receivers"] = [{"kind": "pagerduty", "routing_key_secret": "key"}]
    given = {STACK_KEY: json.dumps(settings), SECRETS_KEY: json.dumps({"token": ""})}
    assert [fault.path for fault in refused_program(given).faults] == [
        f"{SECRETS_KEY}.token",
        f"{STACK_KEY}.apps.web.replicas",
        f"{STACK_KEY}.monitoring.alertmanager.receivers[0].routing_key_secret",
    ]


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ({}, {STACK_KEY: "is required"}),
        ({STACK_KEY: "web", SECRETS_KEY: "x"}, {STACK_KEY: "must be a map", SECRETS_KEY: "must be a map of names to"}),
        ({STACK_KEY: "[1]"}, {STACK_KEY: "must be a map"}),
    ],
)
def test_configuration_that_is_no_map(given: dict[str, str], rules: dict[str, str]) -> None:
    found = {fault.path: fault.rule for fault in refused_program(given).faults}
    assert set(found) == set(rules)
    assert all(found[path].startswith(rule) for path, rule in rules.items())
