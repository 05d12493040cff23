"""Every alert of every stack: its words, its page, somebody who gets it, and a test by which it fires."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.components.monitoring_stack.alertmanager_routes import reached
from tests.components.monitoring_stack.linter import documents
from tests.components.monitoring_stack.stacks import alerts, registered
from tests.docs.pages import links
from tests.examples.example import ON_EACH_PLATFORM, rendered
from tests.goldens.rendered import STACKS, golden_registrations
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS
from tests.stacks.fixtures import REPOSITORY

SEVERITIES = ("critical", "warning", "info")
ALL = [*STACKS, *sorted(PLATFORMS), *(example.id for example in ON_EACH_PLATFORM)]
_OF_A_PART = re.compile(r"([A-Z][A-Za-z]+)_[a-z0-9_]+?([A-Z]\w*)")
TESTED_ELSEWHERE = {
    "Watchdog",
}
"""Alerts that no promtool test can show."""


def registrations(stack: str) -> tuple[Recorded, ...]:
    if stack in STACKS:
        return golden_registrations(stack)
    if stack in PLATFORMS:
        return tuple(registered(stack))
    return rendered(next(example for example in ON_EACH_PLATFORM if example.id == stack))


def rules_of(stack: str) -> list[dict[str, Any]]:
    """Every alert rule; none without monitoring."""
    found = documents(registrations(stack))
    groups = (group for _, document in found for group in document.get("groups", ()))
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@pytest.mark.parametrize("stack", ALL)
def test_each_says_how_urgent_it_is_what_is_wrong_and_what_to_do(stack: str) -> None:
    index = set(links(REPOSITORY / "docs/runbooks/README.md"))
    wrong = []
    for rule in rules_of(stack):
        runbook = rule["annotations"].get("runbook", "without")
        page = REPOSITORY / runbook
        if rule["labels"].get("severity") not in SEVERITIES or not rule["labels"].get("component"):
            wrong.append(f"{rule['alert']}: no severity or component")
        if len(rule["annotations"].get("summary", "")) < 20:
            wrong.append(f"{rule['alert']}: its summary says nothing")
        if runbook.startswith("https://"):
            continue  # of the stack file's own
        if not page.is_file() or page.name not in index:
            wrong.append(f"{rule['alert']}: no page {page.name} in docs/runbooks and its index")
        elif not re.match(rf"# `{_title(rule['alert'])}`\n", page.read_text()):
            wrong.append(f"{rule['alert']}: {page.name} is about another alert")
    assert wrong == []


def _title(alert: str) -> str:
    """A pattern of its page's title, which has `<name>` for the component's."""
    if found := _OF_A_PART.fullmatch(alert):
        return f"{found[1]}_<[a-z_<>]+>{found[2]}"
    return alert


@pytest.mark.parametrize("stack", ALL)
def test_each_reaches_a_receiver(stack: str) -> None:
    if not (rules := rules_of(stack)):
        return
    config = alerts(list(registrations(stack)))
    unheard = [rule["alert"] for rule in rules if not reached(config, rule["labels"] | {"alertname": rule["alert"]})]
    assert unheard == []


@cache
def judged() -> tuple[str, ...]:
    """The texts of the tests that let promtool judge, each asserting that these alerts fire and no other does."""
    files = (path for path in (REPOSITORY / "tests").rglob("test_*.py") if path != Path(__file__))
    return tuple(text for text in (path.read_text() for path in files) if "fire(" in text)


def test_each_has_a_test_by_which_it_fires_and_one_where_it_is_quiet() -> None:
    """A call of `fire` with other alerts, or none, is one where it is quiet; each file has some."""
    untested = sorted({rule["alert"] for stack in PLATFORMS for rule in rules_of(stack)} - {*_tested()})
    assert untested == []
    for text in judged():
        quiet = re.search(r"set\(\)|\(\)|\[\]|fires\(found\)", text)
        assert quiet, f"nothing is quiet in {text.splitlines()[0]}"


def _tested() -> Iterator[str]:
    for rule in (rule for stack in PLATFORMS for rule in rules_of(stack)):
        name = rule["alert"]
        found = _OF_A_PART.fullmatch(name)
        kind, suffix = (f"{found[1]}_", found[2]) if found else ("", name)
        own = re.compile(rf"[\"_a-z]{suffix}\"")
        if name in TESTED_ELSEWHERE or any(kind in text and own.search(text) for text in judged()):
            yield name


def test_an_alert_that_nobody_gets_is_found() -> None:
    config = yaml.safe_load("""
        route:
          receiver: nobody
          routes:
            - {receiver: pager, matchers: ['severity=~"critical"', 'component!="batch"'], continue: true}
            - {receiver: nobody, matchers: ['severity="info"']}
    """)
    assert reached(config, {"severity": "critical", "component": "main"}) == {"pager"}
    assert reached(config, {"severity": "critical", "component": "batch"}) == set()
    assert reached(config, {"severity": "info", "component": "main"}) == set()
