"""What the project renders passes its own pack, but for what is listed with its reason."""

import pytest
from pulumi_policy import EnforcementLevel

from tests.goldens.rendered import STACKS
from tests.policies.exceptions import GOLDENS
from tests.policies.judged import RULE, all_faults, golden


@pytest.mark.parametrize("name", STACKS)
def test_a_rendered_stack_passes(name: str) -> None:
    found: dict[str, str] = {}
    for rule, fault in all_faults(golden(name)):
        found.setdefault(rule, fault)
    assert {rule: fault for rule, fault in found.items() if rule not in GOLDENS[name]} == {}
    assert set(found) == set(GOLDENS[name]), "a reason for what is no longer found is removed"
    assert {RULE[rule].level for rule in found} <= {EnforcementLevel.ADVISORY}


@pytest.mark.parametrize("name", STACKS)
def test_a_rendered_exporter_is_no_outage(name: str) -> None:
    singles = [fault for rule, fault in all_faults(golden(name)) if rule == "replicas-survive-one-host"]
    assert [fault for fault in singles if "exporter" in fault] == []
