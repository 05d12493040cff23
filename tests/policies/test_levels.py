"""Overrides of levels: what is refused, and what is in force."""

import json
from datetime import date
from typing import Any

import pytest
from levels.overrides import Given, faults, in_force, level_in
from pulumi_policy import EnforcementLevel
from rules import RULES

from tests.stacks.fixtures import REPOSITORY

LEVELS = REPOSITORY / "policies/levels"
TODAY = date(2030, 1, 31)
MANDATORY, ADVISORY, DISABLED = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY, EnforcementLevel.DISABLED
SOUND = {"reason": "the registry is ours", "expires": "2030-01-31"}


def configured(document: dict[str, Any]) -> dict[str, Given]:
    """What an engine makes of a configuration file."""
    every = document.get("all")
    given = {rule.name: Given(level=EnforcementLevel(every) if every else rule.level, properties={}) for rule in RULES}
    given["levels"] = Given(level=ADVISORY, properties={})
    for name, one in document.items():
        if name != "all":
            level = one.get("enforcementLevel")
            base = given[name].level if name in given else ADVISORY
            properties = {key: value for key, value in one.items() if key != "enforcementLevel"}
            given[name] = Given(level=EnforcementLevel(level) if level else base, properties=properties)
    return given


def said(document: dict[str, Any]) -> list[str]:
    found: list[str] = faults(configured(document), RULES, TODAY)
    return found


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_files_of_the_project_have_the_levels_of_their_environment(environment: str) -> None:
    given = configured(json.loads((LEVELS / f"{environment}.json").read_text()))
    assert faults(given, RULES, TODAY) == []
    assert in_force(given, RULES) == []
    assert {rule.name: given[rule.name].level for rule in RULES} == {
        rule.name: level_in(environment, rule) for rule in RULES
    }


@pytest.mark.parametrize("level", ["advisory", "disabled"])
def test_an_override_with_a_reason_and_a_day_is_in_force(level: str) -> None:
    document = {"image-is-pinned": {"enforcementLevel": level, **SOUND}}
    assert said(document) == []
    assert in_force(configured(document), RULES) == [
        f"image-is-pinned is {level} until 2030-01-31: the registry is ours"
    ]


def test_a_stricter_level_needs_no_reason() -> None:
    assert said({"image-has-a-digest": {"enforcementLevel": "mandatory"}}) == []


WITHOUT = {key: value for key, value in SOUND.items() if key != "reason"}
ENDLESS = {key: value for key, value in SOUND.items() if key != "expires"}


@pytest.mark.parametrize(
    ("name", "override", "words"),
    [
        ("image-is-pinned", {"enforcementLevel": "advisory", **WITHOUT}, "without a reason; add `reason`"),
        ("image-is-pinned", {"enforcementLevel": "advisory", **WITHOUT, "reason": "  "}, "without a reason"),
        ("image-is-pinned", {"enforcementLevel": "disabled", **ENDLESS}, "without an end; add `expires`"),
        ("image-is-pinned", {"enforcementLevel": "disabled", **SOUND, "expires": "soon"}, "'soon' is no date"),
        (
            "image-is-pinned",
            {"enforcementLevel": "disabled", **SOUND, "expires": "2030-01-30"},
            "ended on 2030-01-30; fix",
        ),
        ("image-is-pinned", {"enforcementLevel": "disabled", **SOUND, "until": "x"}, "it has no until"),
        ("image-is-pinned", {"enforcementLevel": "remediate"}, "no rule changes resources"),
        ("image-is-pined", {"enforcementLevel": "disabled", **SOUND}, "is image-is-pinned meant?"),
        ("levels", {"enforcementLevel": "disabled"}, "cannot be disabled"),
        ("levels", {"environment": "test"}, "no environment 'test'; use dev or prod"),
        ("levels", {"environment": "dev", "reason": "x"}, "it has no reason"),
    ],
)
def test_what_is_refused(name: str, override: dict[str, str], words: str) -> None:
    (fault,) = said({name: override})
    assert fault.startswith(f"{name}: ")
    assert words in fault


def test_production_cannot_be_made_advisory_as_a_whole() -> None:
    told = said({"all": "advisory"})
    assert {fault.partition(":")[0] for fault in told} == {rule.name for rule in RULES if rule.level == MANDATORY}


def test_development_needs_a_reason_to_disable() -> None:
    document = {"all": "advisory", "levels": {"environment": "dev"}, "quorum-is-odd": {"enforcementLevel": "disabled"}}
    assert len(said(document)) == 2, "a reason, and an end"
