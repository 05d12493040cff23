"""The page of the rules is current, and every rule says what it needs to."""

import pytest
from rules import RULES
from rules.rule import Rule

from tests.policies.page import PATH, text


def test_the_page_is_current() -> None:
    assert PATH.read_text() == text(), "run `make golden` and commit docs/policies.md"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_describes_itself(rule: Rule) -> None:
    assert all(said.endswith((".", ".)")) for said in (rule.says, rule.why, rule.fix))
    assert "|" not in rule.says + rule.why + rule.fix, "it stands in a table"
    assert [rule.of_workload, rule.of_resource, rule.of_stack].count(None) == 2


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
