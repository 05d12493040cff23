"""What a running store cannot change of its encryption is refused before anything changes."""

from typing import Any

import pytest

from cli.encryption import check_encryption
from cli.errors import CommandError
from composition.compose import compose
from composition.read import StackInput, check
from composition.stack import Stack
from tests.mock_engine import render
from tests.rendered.texts import PLATFORMS

TLS = {"tls": {"clients": "required"}}
PATH = "ha-platform:stack.caches.sessions.tls"


def settings(platform: str, **sessions: Any) -> Stack:
    document = {"platform": PLATFORMS[platform], "caches": {"sessions": {"role": "session", "members": 1, **sessions}}}
    return check(document, source="test", secret_names=frozenset())


def deployed(platform: str, **sessions: Any) -> list[dict[str, Any]]:
    """The resources of a state, as far as they are looked at."""
    given = StackInput(source="test", stack=settings(platform, **sessions), secrets={})
    found = render(lambda _: compose(given, stack_name="shop"))
    urn = "urn:pulumi:shop::ha-platform::{0.type}::{0.name}"
    return [{"type": one.type, "urn": urn.format(one), "outputs": one.outputs} for one in found]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize(
    ("before", "now", "fix"), [({}, TLS, "without. Remove `tls`"), (TLS, {}, "Write `tls: {clients: required}` again")]
)
def test_a_change_is_refused_by_its_path(platform: str, before: dict[str, Any], now: dict[str, Any], fix: str) -> None:
    with pytest.raises(CommandError) as refused:
        check_encryption(settings(platform, **now), deployed(platform, **before))
    assert str(refused.value).startswith(f"{PATH}: cannot change for a cache that runs")
    assert fix in str(refused.value)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize("kept", [{}, TLS])
def test_what_stays_and_what_is_new_pass(platform: str, kept: dict[str, Any]) -> None:
    check_encryption(settings(platform, **kept, maxmemory="64Mi"), deployed(platform, **kept))
    check_encryption(settings(platform, **kept), [])


def database(platform: str, rest: str | None) -> Stack:
    tls = {"tls": {"rest": rest}} if rest else {}
    document = {"platform": PLATFORMS[platform], "databases": {"main": {"members": 1, **tls}}}
    return check(document, source="test", secret_names=frozenset())


def database_deployed(platform: str, rest: str | None) -> list[dict[str, Any]]:
    found = render(
        lambda _: compose(StackInput(source="test", stack=database(platform, rest), secrets={}), stack_name="shop")
    )
    urn = "urn:pulumi:shop::ha-platform::{0.type}::{0.name}"
    return [{"type": one.type, "urn": urn.format(one), "outputs": one.outputs} for one in found]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize(
    ("runs", "wanted", "refused"),
    [
        (None, "required", "cannot be `required` yet"),
        ("required", None, "cannot change back"),
        ("required", "prepared", "cannot change back"),
        (None, "prepared", ""),
        ("prepared", "required", ""),
        ("prepared", None, ""),
        ("required", "required", ""),
    ],
)
def test_a_database_s_rest_changes_by_steps(platform: str, runs: str | None, wanted: str | None, refused: str) -> None:
    if not refused:
        check_encryption(database(platform, wanted), database_deployed(platform, runs))
        return
    with pytest.raises(CommandError) as error:
        check_encryption(database(platform, wanted), database_deployed(platform, runs))
    assert str(error.value).startswith(f"ha-platform:stack.databases.main.tls.rest: {refused}")


@pytest.mark.parametrize("state", ["nothing", "begun"])
def test_a_database_that_was_never_whole_begins_encrypted(state: str) -> None:
    begun = {"type": "ha-platform:data:PostgresHA", "urn": "urn:pulumi:shop::ha::ha-platform:data:PostgresHA::main"}
    check_encryption(database("swarm", "required"), [] if state == "nothing" else [begun])
