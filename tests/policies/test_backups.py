"""Databases without backups, and backups that nobody restores, as both platforms render them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.goldens.rendered import STACKS
from tests.mock_engine import render
from tests.policies.exceptions import GOLDENS
from tests.policies.judged import golden, recorded, said
from tests.rendered.texts import PLATFORMS

RULE = "data-has-a-verified-backup"
SECRETS = {"s3_key": "k", "s3_secret": "s"}
S3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}
KEPT = {"repositories": ["offsite"]}


def found(kind: str, *, caches: Mapping[str, Any] = MappingProxyType({}), **main: Any) -> list[str]:
    """What the rule says of a stack with two databases, of which one has a drill, and these caches."""
    databases = {"main": {"members": 1, **main}, "well": {"members": 1, "backups": KEPT}}
    document = {
        "platform": PLATFORMS[kind],
        "images": {"source": "sandbox"},
        "repositories": {"offsite": {"s3": S3}},
        "databases": databases,
        "caches": dict(caches),
    }
    stack = check(document, source="backups", secret_names=frozenset(SECRETS))
    given = StackInput(source="backups", stack=stack, secrets=SECRETS)  # type: ignore[arg-type]
    registered = render(lambda _: compose(given, stack_name="prod"))
    return said(RULE, recorded(tuple(registered)))


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ({"backups": KEPT}, []),
        ({}, ["ha-platform:stack.databases.main: no `backups`"]),
        ({"backups": {**KEPT, "verify": None}}, ["ha-platform:stack.databases.main: no restore drill"]),
    ],
)
def test_data_has_a_verified_backup(kind: str, main: dict[str, Any], expected: list[str]) -> None:
    texts = found(kind, **main)
    assert [text.partition(" (")[0].partition(";")[0] for text in texts] == expected


@pytest.mark.parametrize("name", [name for name in STACKS if RULE in GOLDENS[name]])
def test_a_stack_without_backups_is_told(name: str) -> None:
    texts = said(RULE, golden(name))
    assert any("no `backups`" in text for text in texts), "each of these stacks has a database without"


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_cache_that_persists_has_copies(kind: str) -> None:
    caches = {
        "copied": {"role": "session", "members": 1, "backups": {"repository": "offsite"}},
        "plain": {"role": "broker", "members": 1},
        "content": {"role": "cache", "members": 1},
    }
    texts = found(kind, backups=KEPT, caches=caches)
    assert [text.partition(";")[0] for text in texts] == ["ha-platform:stack.caches.plain: no `backups`"]
