"""A store on Kubernetes does not get smaller."""

from typing import Any

import pulumi
import pytest

from platforms.kubernetes.members import TooFew, _guard
from tests.platforms.kubernetes.words import members, rendered


def asked(before: object, count: int, *, peers: bool = True, electorate: bool = False) -> None:
    """What the hook says when `before` members become `count`."""
    said: list[Any] = []

    def program(_platform: Any, _parent: Any) -> None:
        hook = _guard(members(count=count, peers=peers, electorate=electorate))
        arguments = pulumi.ResourceHookArgs(
            urn="", id="", name="db", type="", old_inputs={"spec": {"replicas": before}}, new_inputs={}
        )
        said.append(hook.callback(arguments))

    rendered(program)


def test_fewer_members_are_refused_with_the_reason() -> None:
    with pytest.raises(TooFew, match="db cannot go from 3 members to 1: those that stay would still count the others"):
        asked(3.0, 1)


@pytest.mark.parametrize(("before", "count"), [(1, 3), (3, 3), (None, 3)])
def test_as_many_or_more_are_not(before: object, count: int) -> None:
    asked(before, count)


def test_an_electorate_stays_as_it_is() -> None:
    with pytest.raises(TooFew, match="db cannot go from 1 members to 3: each has stored who votes"):
        asked(1.0, 3, electorate=True)
    asked(3, 3, electorate=True)


def test_fewer_without_peers_leave_their_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    asked(3, 1, peers=False)
    told = [text for text in said if "goes" in text]
    assert [text.partition(", ")[0] for text in told] == [
        f"stack.databases.db: db-{ordinal} goes; its claim data-db-{ordinal} stays behind" for ordinal in (1, 2)
    ]
    said.clear()
    asked(1, 3, peers=False)
    assert not [text for text in said if "goes" in text]


def test_every_stateful_set_has_the_guard() -> None:
    out = rendered(lambda platform, parent: platform.members(members(), parent=parent))
    assert out.resource("StatefulSet", "db").before_update == ("members-db",)
