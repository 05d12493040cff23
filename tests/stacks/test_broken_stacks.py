"""Every broken stack file is refused for the reason that its name says."""

from pathlib import Path

import pytest

from components.context import Context
from composition.read import STACK_KEY, check
from composition.rules import RULES
from composition.stack import Stack
from settings.faults import BrokenStack
from settings.load import load
from tests.rendered.programs import program
from tests.stacks.fixtures import BAD, GOOD, JUDGED, expected_fault, normal, secret_values_of, settings_of


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_broken_stack_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    settings, secrets = settings_of(path)
    where, words = expected_fault(path)
    if words == "is no rule that prometheus takes":
        program("promtool", "prometheus")
    with pytest.raises(BrokenStack) as refused:
        check(settings, source=path.name, secret_names=secrets, secret_values=secret_values_of(path))
    faults = refused.value.faults
    assert [fault.path for fault in faults] == [f"{STACK_KEY}.{where}"], "one fault, at the path that the name says"
    assert words in normal(faults[0].rule), "the rule that the name says"


def test_every_cross_field_rule_has_a_broken_stack() -> None:
    broken = {name for path in BAD for name in _broken_rules(path)}
    assert broken == JUDGED, "a cross-field rule without a fixture"


def _broken_rules(path: Path) -> set[str]:
    """The rules that a stack breaks whose keys are all sound."""
    settings, secrets = settings_of(path)
    loaded = load(Stack, settings, root=STACK_KEY)
    if loaded.faults:
        return set()
    context = Context(stack=loaded.sound, secret_names=secrets, secret_values=secret_values_of(path))
    return {rule.__name__ for rule in RULES if any(rule(context))}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_stack_is_accepted(path: Path) -> None:
    settings, secrets = settings_of(path)
    check(settings, source=path.name, secret_names=secrets)


def test_all_faults_come_in_one_report() -> None:
    settings, secrets = settings_of(GOOD[0])
    settings["data"] = "maybe"
    settings["platform"]["kidn"] = "swarm"
    settings["apps"]["web"]["replicas"] = 0
    settings["apps"]["web"]["imagee"] = "x"
    with pytest.raises(BrokenStack) as refused:
        check(settings, source="Pulumi.dev.yaml", secret_names=secrets)
    report = str(refused.value)
    assert "4 faults, nothing was changed" in report
    assert "ha-platform:stack.platform.kidn: is not a known key. Did you mean `kind`?" in report
    assert "ha-platform:stack.apps.web.imagee: is not a known key. Did you mean `image`?" in report


def test_a_report_never_shows_a_secret() -> None:
    settings, secrets = settings_of(GOOD[0])
    settings["databases"]["main"]["password"] = "hunter2-hunter2"
    settings["apps"]["web"]["env"] = {"API_TOKEN": "hunter2-hunter2"}
    with pytest.raises(BrokenStack) as refused:
        check(settings, source="Pulumi.dev.yaml", secret_names=secrets)
    assert "hunter2" not in str(refused.value)
