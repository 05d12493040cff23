"""Units: a person writes them, code does not."""

import pytest
from pydantic import ValidationError

from components.postgres_ha.settings import PostgresSettings
from components.sizes import ResourcesSettings
from settings.load import load


def test_code_gives_numbers_in_the_base_unit() -> None:
    settings = PostgresSettings(
        volume=10 * 2**30,
        resources=ResourcesSettings(cpu_request=250, cpu_limit=2000, memory_request=2**30, memory_limit=2**31),
    )
    assert settings.volume == load(PostgresSettings, {"volume": "10Gi"}, root="db").sound.volume
    assert settings.failover.ttl == 30


@pytest.mark.parametrize("key", ["volume", "resources", "failover"])
def test_a_stack_file_says_its_units(key: str) -> None:
    values = {"volume": 10 * 2**30, "failover": {"ttl": 30}}
    resources = {"cpu_request": 1, "cpu_limit": 2.5, "memory_request": 2**30, "memory_limit": "2Gi"}
    (fault,) = load(PostgresSettings, {key: values.get(key, resources)}, root="db").faults
    assert fault.path == {"volume": "db.volume", "failover": "db.failover.ttl"}.get(key, "db.resources.memory_request")
    assert "unit" in fault.rule


def test_cores_are_cores_in_a_stack_file() -> None:
    values = {"cpu_request": 1, "cpu_limit": 2.5, "memory_request": "1Gi", "memory_limit": "2Gi"}
    resources = load(ResourcesSettings, values, root="r").sound
    assert (resources.cpu_request, resources.cpu_limit) == (1000, 2500)


def test_true_is_not_a_number() -> None:
    with pytest.raises(ValidationError, match="a whole number with a unit"):
        PostgresSettings(volume=True)
