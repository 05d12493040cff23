"""Who takes over from a primary: what a member makes of Patroni's answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from components.postgres_ha.files import switchover

STARTED = {"one": "2026-01-01 10:00:00+00:00", "two": "2026-01-01 12:00:00+00:00"}


def member(name: str, role: str = "replica", state: str = "streaming", **more: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "state": state, "api_url": name, **more}


class Patroni(switchover.Patroni):
    """One that answers from memory, and does what it is asked or says why not."""

    def told(
        self, members: list[dict[str, Any]], config: dict[str, Any], refuses: int = 0, pause: bool = False
    ) -> "Patroni":
        self.members, self.config, self.refuses, self.pause = members, config, refuses, pause
        self.asked: list[Any] = []
        return self

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float = 0) -> tuple[int, str]:
        del seconds
        if path == "/cluster":
            return 200, json.dumps({"members": self.members} | ({"pause": True} if self.pause else {}))
        if (method, path) == ("GET", "/config"):
            return 200, json.dumps(self.config)
        self.asked.append((method, path, body))
        if method == "PATCH":
            self.config |= body
            for one in self.members if not self.config.get("slow") else ():
                one["role"] = one["role"].replace("replica", "sync_standby")
            return 200, ""
        if self.refuses:
            self.refuses -= 1
            return 412, "switchover is not possible"
        for one in self.members:
            one["role"] = "leader" if one["name"] == body["candidate"] else "replica"
        return 200, "Successfully switched over"

    def _started(self, url: str) -> str:
        return STARTED.get(url, "")


def patroni(*members: dict[str, Any], **more: Any) -> Patroni:
    return Patroni("here:8008", "secret").told(
        [member("zero", "leader", "running"), *members], more.pop("config", {}), **more
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchover, "POLL_SECONDS", 0)


def test_who_started_last_takes_over() -> None:
    own = patroni(member("one"), member("two"))
    assert switchover.hand_over(own, "zero", seconds=5) == "handed over to two"
    assert own.asked == [("POST", "/switchover", {"leader": "zero", "candidate": "two"})]


@pytest.mark.parametrize(
    ("fault", "config"),
    [
        ({"state": "running"}, {}),
        ({"lag": 2**20 + 1}, {}),
        ({"lag": "unknown"}, {}),
        ({"lag": 200}, {"maximum_lag_on_failover": 100}),
        ({"tags": {"nofailover": True}}, {}),
    ],
)
def test_who_cannot_is_passed_over(fault: dict[str, Any], config: dict[str, Any]) -> None:
    two = member("two") | fault
    assert switchover.hand_over(patroni(member("one"), two, config=config), "zero", seconds=5) == "handed over to one"


def test_a_synchronous_cluster_changes_to_a_synchronous_replica() -> None:
    own = patroni(member("two", "sync_standby"), member("one"), config={"synchronous_mode": True})
    assert switchover.hand_over(own, "zero", seconds=5) == "handed over to two"
    assert len(own.asked) == 1, "nothing else is changed"


def test_who_was_changed_becomes_synchronous_first() -> None:
    """And the cluster waits for as many as before, afterwards."""
    own = patroni(member("one", "sync_standby"), member("two"), config={"synchronous_mode": True})
    assert switchover.hand_over(own, "zero", seconds=5) == "handed over to two"
    assert own.asked == [
        ("PATCH", "/config", {"synchronous_node_count": 2}),
        ("POST", "/switchover", {"leader": "zero", "candidate": "two"}),
        ("PATCH", "/config", {"synchronous_node_count": None}),
    ]


def test_who_is_not_synchronous_in_time_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchover, "CONFIRM_SECONDS", 0.05)
    config = {"synchronous_mode": True, "synchronous_node_count": 1, "slow": True}
    own = patroni(member("one", "sync_standby"), member("two"), config=config)
    assert switchover.hand_over(own, "zero", seconds=5) == "handed over to one"
    assert own.config["synchronous_node_count"] == 1


def test_poolers_wait_while_the_primary_changes_and_go_on_whatever_happens() -> None:
    seen: list[str] = []

    @contextmanager
    def paused() -> Iterator[None]:
        seen.append(f"paused after {len(own.asked)}")
        try:
            yield
        finally:
            seen.append(f"on after {len(own.asked)}")

    own = patroni(member("one"), refuses=1)
    assert switchover.hand_over(own, "zero", seconds=5, paused=paused) == "handed over to one"
    assert seen == ["paused after 0", "on after 1", "paused after 1", "on after 2"]
    seen.clear()
    assert switchover.hand_over(own, "zero", seconds=5, paused=paused) == "it does not lead: nothing to hand over"
    assert seen == [], "for nothing nobody waits"


def test_soon_after_a_failover_it_is_tried_again() -> None:
    own = patroni(member("one"), refuses=2)
    assert switchover.hand_over(own, "zero", seconds=5) == "handed over to one"
    assert len(own.asked) == 3


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (patroni(), "no replica can take over"),
        (patroni(member("one", state="stopped")), "no replica can take over"),
        (patroni(member("one"), pause=True), "the cluster is paused: nothing is handed over"),
        (patroni(member("one", state="creating replica")), "not handed over within 0.2 s: no replica can take over"),
        (
            patroni(member("one"), refuses=10**6),
            "not handed over within 0.2 s: Patroni answers 412: switchover is not possible",
        ),
    ],
)
def test_a_stop_is_not_held_up(own: Patroni, said: str) -> None:
    assert switchover.hand_over(own, "zero", seconds=0.2) == said


def test_a_replica_has_nothing_to_hand_over() -> None:
    own = patroni(member("one"))
    assert switchover.hand_over(own, "one", seconds=5) == "it does not lead: nothing to hand over"
    assert own.asked == []
