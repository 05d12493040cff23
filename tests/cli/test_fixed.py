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


def copied(platform: str, to: str = "") -> Stack:
    """A stack whose `copy` begins as `main` was, or does not."""
    s3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "k", "secret": "s"}
    begins = {"restore_from": {"database": "main", "repository": "offsite", "to": to}} if to else {}
    document = {
        "platform": PLATFORMS[platform],
        "images": {"source": "sandbox"},
        "repositories": {"offsite": {"s3": s3}},
        "databases": {
            "main": {"members": 1, "backups": {"repositories": ["offsite"]}},
            "copy": {"members": 1, **begins},
        },
    }
    return check(document, source="test", secret_names=frozenset({"k", "s"}))


def up(stack: Stack) -> list[dict[str, Any]]:
    given = StackInput(source="test", stack=stack, secrets={"k": "k", "s": "s"})  # type: ignore[dict-item]
    return [{"type": one.type, "outputs": one.outputs} for one in render(lambda _: compose(given, stack_name="shop"))]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_data_that_is_there_does_not_begin_as_another_database_was(platform: str) -> None:
    path = "ha-platform:stack.databases.copy.restore_from"
    with pytest.raises(CommandError) as refused:
        check_fixed(copied(platform, "latest"), up(copied(platform)))
    assert str(refused.value) == (
        f"{path}: is `main at latest`, and its data is there already, and is not replaced. Take it out, or write it to "
        "a new component."
    )
    with pytest.raises(CommandError, match=r"and the data is in `main at latest`, where it stays"):
        check_fixed(copied(platform, "2026-01-31 10:12:00"), up(copied(platform, "latest")))
    check_fixed(copied(platform), up(copied(platform, "latest")))  # taken out after the first start


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_what_can_be_carried_out_passes(platform: str) -> None:
    check_fixed(settings(platform, owner="shop", volume="20Gi"), deployed(platform))


def test_a_state_of_an_earlier_version_says_nothing() -> None:
    check_fixed(settings("swarm", database="shop"), [{"type": "ha-platform:data:PostgresHA", "outputs": {"host": "x"}}])
    check_fixed(settings("swarm", database="shop"), [{"type": "a:b:C"}])


def clusters(masters: int, replicas: int = 1) -> Stack:
    keys = {"role": "store", "masters": masters, "replicas": replicas}
    return check({"platform": PLATFORMS["swarm"], "clusters": {"keys": keys}}, source="test", secret_names=frozenset())


def test_a_cluster_grows_and_does_not_shrink_and_keeps_its_replicas() -> None:
    given = StackInput(source="test", stack=clusters(4), secrets={})
    state = [{"type": one.type, "outputs": one.outputs} for one in render(lambda _: compose(given, stack_name="shop"))]
    check_fixed(clusters(4), state)
    check_fixed(clusters(5), state)
    with pytest.raises(CommandError) as refused:
        check_fixed(clusters(3), state)
    assert str(refused.value) == (
        "ha-platform:stack.clusters.keys.masters: is 3, and there are 4: those that go would take their part of the "
        "data with them. Write 4 again, or move the data to a new component."
    )
    with pytest.raises(CommandError, match=r"clusters\.keys\.replicas: is `2`, and the data is in `1`"):
        check_fixed(clusters(4, replicas=2), state)
