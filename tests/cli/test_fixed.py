"""A database's name stays: another one in the stack file is refused before anything changes."""

from typing import Any

import pytest

from cli.errors import CommandError
from cli.fixed import check_fixed
from composition.compose import compose
from composition.read import StackInput, check
from composition.stack import Stack
from tests.mock_engine import render
from tests.rendered.texts import PLATFORMS


def settings(platform: str, **main: Any) -> Stack:
    document = {"platform": PLATFORMS[platform], "databases": {"main": {"members": 1, **main}}}
    return check(document, source="test", secret_names=frozenset())


def deployed(platform: str) -> list[dict[str, Any]]:
    """The resources of a state, as far as they are looked at."""
    given = StackInput(source="test", stack=settings(platform), secrets={})
    return [{"type": one.type, "outputs": one.outputs} for one in render(lambda _: compose(given, stack_name="shop"))]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_another_database_is_refused_by_its_path(platform: str) -> None:
    with pytest.raises(CommandError) as refused:
        check_fixed(settings(platform, database="shop"), deployed(platform))
    assert str(refused.value) == (
        "ha-platform:stack.databases.main.database: is `shop`, and the data is in `app`, where it stays. "
        "Write `app` again."
    )


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_what_can_be_carried_out_passes(platform: str) -> None:
    check_fixed(settings(platform, owner="shop", volume="20Gi"), deployed(platform))


def test_a_state_of_an_earlier_version_says_nothing() -> None:
    check_fixed(settings("swarm", database="shop"), [{"type": "ha-platform:data:PostgresHA", "outputs": {"host": "x"}}])
    check_fixed(settings("swarm", database="shop"), [{"type": "a:b:C"}])
