"""What the project renders passes its own pack."""

from typing import Any

import pytest
from rules import availability, exposure, identity, images, limits, secrets
from views import workload_view

from tests.goldens.rendered import STACKS, golden_registrations
from tests.mock_engine import SECRET_MARK
from tests.policies.test_rules import LEVEL, violations

RULES = [
    images.image_is_pinned(LEVEL),
    secrets.no_secret_in_environment(LEVEL),
    secrets.no_secret_in_configuration(LEVEL),
    limits.memory_limit_is_set(LEVEL),
    identity.process_is_not_root(LEVEL),
    identity.root_file_system_is_read_only(LEVEL),
    availability.health_is_checked(LEVEL),
    availability.stateful_data_is_on_a_volume(LEVEL),
]


@pytest.mark.parametrize("name", STACKS)
def test_a_rendered_stack_passes(name: str) -> None:
    recorded = [(one.type, _clear(one.inputs)) for one in golden_registrations(name)]
    found = [text for rule in RULES for kind, properties in recorded for text in violations(rule, kind, properties)]
    assert found + list(availability._unmet_budgets(recorded)) + list(exposure._exposed(recorded)) == []


@pytest.mark.parametrize("name", STACKS)
def test_a_rendered_exporter_is_no_outage(name: str) -> None:
    rule = availability.replicas_survive_one_host(LEVEL)
    recorded = [(one.type, _clear(one.inputs)) for one in golden_registrations(name)]
    views = [(view, *resource) for resource in recorded if (view := workload_view(*resource))]
    exporters = [one for one in views if one[0].name.endswith("-exporter") and one[0].kind == "replicas"]
    assert exporters, "each of these stacks has a cache"
    assert [text for _, kind, properties in exporters for text in violations(rule, kind, properties)] == []


def _clear(value: Any) -> Any:
    """Policies see secrets in clear."""
    if isinstance(value, dict):
        return _clear(value[SECRET_MARK]) if SECRET_MARK in value else {k: _clear(v) for k, v in value.items()}
    return [_clear(item) for item in value] if isinstance(value, list) else value
