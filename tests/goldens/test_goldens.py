"""The rendered stacks and the generated schema are as committed."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from composition import schema
from tests.goldens.rendered import DIRECTORY, STACKS, SUFFIX, committed_files, golden_files, golden_registrations
from tests.mock_engine import SECRET_MARK
from tests.stacks.fixtures import GOOD, settings_of


@pytest.mark.parametrize("name", STACKS)
def test_the_rendered_stack_is_as_reviewed(name: str) -> None:
    rendered, committed = golden_files(name), committed_files(name)
    assert sorted(rendered) == sorted(committed), "run `make golden`: files were added, or nothing writes them any more"
    for file, text in rendered.items():
        assert text == committed[file], f"{name}/{file}: run `make golden` and review the difference"


def test_every_golden_is_of_a_rendered_stack() -> None:
    assert {path.parent for path in DIRECTORY.rglob(f"*{SUFFIX}")} == {DIRECTORY / name for name in STACKS}


@pytest.mark.parametrize("name", STACKS)
def test_generated_values_stand_in_secrets_only(name: str) -> None:
    for one in golden_registrations(name):
        assert "generated-" not in str(_without_secrets(one.inputs)), f"{one.type} {one.name} shows a generated value"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items() if key != SECRET_MARK}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def test_the_schema_is_as_committed() -> None:
    assert schema.schema_text() == schema.PATH.read_text(), "run `make schema`"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_schema_accepts_what_the_model_accepts(path: Path) -> None:
    settings, _ = settings_of(path)
    jsonschema.validate({"config": {"ha-platform:stack": settings}}, json.loads(schema.schema_text()))
