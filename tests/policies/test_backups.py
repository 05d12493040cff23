"""Databases without backups, and backups that nobody restores, as both platforms render them."""

from typing import Any

import pytest
from rules import backups

from composition.compose import compose
from composition.read import StackInput, check
from tests.goldens.rendered import STACKS, golden_registrations
from tests.mock_engine import render
from tests.rendered.texts import PLATFORMS

SECRETS = {"s3_key": "k", "s3_secret": "s"}
S3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}
KEPT = {"repositories": ["offsite"]}


def found(kind: str, **main: Any) -> list[str]:
    """What the rule says of a stack with two databases, of which one has a drill."""
    databases = {"main": {"members": 1, **main}, "well": {"members": 1, "backups": KEPT}}
    document = {
        "platform": PLATFORMS[kind],
        "images": {"source": "sandbox"},
        "repositories": {"offsite": {"s3": S3}},
        "databases": databases,
    }
    stack = check(document, source="backups", secret_names=frozenset(SECRETS))
    given = StackInput(source="backups", stack=stack, secrets=SECRETS)  # type: ignore[arg-type]
    recorded = render(lambda _: compose(given, stack_name="prod"))
    return list(backups._without([(one.type, one.inputs) for one in recorded]))


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize(
    ("main", "said"),
    [
        ({"backups": KEPT}, []),
        ({}, ["ha-platform:stack.databases.main: no `backups`"]),
        ({"backups": {**KEPT, "verify": None}}, ["ha-platform:stack.databases.main: no restore drill"]),
    ],
)
def test_data_has_a_verified_backup(kind: str, main: dict[str, Any], said: list[str]) -> None:
    texts = found(kind, **main)
    assert [text.partition(" (")[0].partition(";")[0] for text in texts] == said


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_without_backups_is_told(name: str) -> None:
    texts = list(backups._without([(one.type, one.inputs) for one in golden_registrations(name)]))
    assert any("no `backups`" in text for text in texts), "each of these stacks has a database without"
