"""When a copier acts, what it keeps, and what it refuses: with a store and a repository in memory."""

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from components.copies.alerts import copies_rules
from components.copies.files import copies_agent
from components.copies.files.copies_agent import Agent
from components.copies.files.copies_metrics import metrics
from components.copies.files.copies_repository import Broken, Copy, Failed, Repository
from components.copies.settings import CopiesSettings
from tests.components.monitoring_stack.record import compared
from tests.promtool import metrics as metrics_of
from tests.stacks.fixtures import REPOSITORY

TOLD = {"repository": "offsite", "schedule": "0 * * * *", "keep": 2, "deadline": 600}
HOUR = 3600


class Shelf:
    """A repository."""

    def __init__(self) -> None:
        self.kept: dict[str, Copy] = {}
        self.data: dict[str, bytes] = {}
        self.away = ""

    def copies(self) -> list[Copy]:
        if self.away:
            raise Failed(self.away)
        return [self.kept[label] for label in sorted(self.kept)]

    def put(self, label: str) -> Any:
        shelf = self

        class Upload:
            bytes = 0

            def write(self, chunk: Any) -> None:
                shelf.data[label] = shelf.data.get(label, b"") + chunk
                self.bytes += len(chunk)

            def end(self) -> str:
                return "digest"

            def abandon(self) -> None:
                pass

        return Upload()

    def complete(self, copy: Copy) -> None:
        self.kept[copy.label] = copy

    judge = complete

    def read(self, copy: Copy) -> Iterator[bytes]:
        yield self.data[copy.label]

    def remove_old(self, copies: list[Copy], keep: int) -> list[str]:
        gone = [one.label for one in copies][:-keep]
        for label in gone:
            del self.kept[label]
        return gone


class Store:
    """What is copied: a text."""

    def __init__(self) -> None:
        self.content = b"live"
        self.loaded = b""
        self.fault: Exception | None = None
        self.done: list[str] = []

    def take(self, write: Callable[[bytes], None]) -> dict[str, Any]:
        self.done.append("take")
        if self.fault:
            raise self.fault
        write(self.content)
        return {"primary": False}

    def load(self, _: Copy, data: Iterator[bytes]) -> None:
        self.loaded = b"".join(data)
        if self.loaded.startswith(b"broken"):
            raise Broken("it does not load")

    def verify(self, copy: Copy, data: Iterator[bytes]) -> None:
        self.load(copy, data)
        self.clear()

    def held(self) -> str:
        return "1 text" if self.content else ""

    def restore(self, _: Copy) -> str:
        self.content = self.loaded
        return "1 text"

    def clear(self) -> None:
        self.loaded = b""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Now."""
    now = [time.time() // HOUR * HOUR + 60]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def agent(clock: list[float], shelf: Shelf, store: Store) -> Agent:
    assert clock, "it begins by this clock"
    return Agent(TOLD, cast(Repository, shelf), store)


def ordered(agent: Agent, **order: Any) -> tuple[bool, str]:
    number = agent.order(order)
    agent.look()
    outcome = agent.told()["outcome"]
    assert (outcome["number"], outcome["ended"]) == (number, True)
    return outcome["done"], outcome["said"]


def figures(agent: Agent) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in metrics(agent).splitlines())
    return {name.partition("{")[0]: float(value) for name, _, value in lines}


def test_the_first_is_taken_at_once_and_then_one_an_hour(agent: Agent, shelf: Shelf, clock: list[float]) -> None:
    for seconds in (0, 5, HOUR - 120, 60, 5):
        clock[0] += seconds
        agent.look()
    assert len(shelf.kept) == 2
    assert all(one.verified for one in shelf.kept.values())
    assert figures(agent)["ha_backup_overdue_seconds"] == 0
    clock[0] += 5 * HOUR
    assert figures(agent)["ha_backup_overdue_seconds"] > 0
    agent.look()
    agent.look()
    assert len(shelf.data) == 3, "what was missed is made up for once"
    assert len(shelf.kept) == 2, "as many as are kept"


def test_what_it_tells_is_as_recorded(agent: Agent) -> None:
    agent.look()
    compared("copies", "our agent", lambda: [metrics(agent)])


def test_another_copier_goes_on_where_the_first_one_was(
    agent: Agent, shelf: Shelf, store: Store, clock: list[float]
) -> None:
    agent.look()
    clock[0] += 30
    Agent(TOLD, cast(Repository, shelf), store).look()
    assert store.done == ["take"]


def test_a_copy_that_failed_is_tried_again_later(agent: Agent, shelf: Shelf, store: Store, clock: list[float]) -> None:
    store.fault = Failed("no member is in reach")
    agent.look()
    clock[0] += copies_agent.RETRY_SECONDS - 10
    agent.look()
    assert store.done == ["take"]
    assert figures(agent)["ha_backup_attempt_failed"] == 1
    assert agent.told()["failed"] == "no member is in reach"
    store.fault = None
    clock[0] += 20
    agent.look()
    assert len(shelf.kept) == 1
    assert figures(agent)["ha_backup_attempt_failed"] == 0


def test_a_copy_is_ended_after_its_deadline(agent: Agent, store: Store) -> None:
    store.fault = copies_agent.Late()
    assert ordered(agent, order="take") == (False, "not done within 600 s")


def test_a_copy_that_does_not_load_is_told(agent: Agent, shelf: Shelf, store: Store) -> None:
    store.content = b"broken"
    agent.look()
    (copy,) = shelf.kept.values()
    assert (copy.verified, copy.failed) == (0, "it does not load")
    assert figures(agent)["ha_backup_verify_failed"] == 1
    agent.look()
    assert len(shelf.kept) == 1, "it is complete: the clock says when the next one is due"


def test_a_repository_that_is_away_is_told_and_nothing_is_taken(agent: Agent, shelf: Shelf, store: Store) -> None:
    shelf.away = "unable to connect"
    agent.look()
    assert store.done == []
    assert figures(agent)["ha_backup_repository_up"] == 0
    assert "ha_backup_overdue_seconds" not in figures(agent), "what it has is not known: absent() is the alert"
    assert ordered(agent, order="take") == (False, "repository offsite: unable to connect")


def test_live_data_is_overwritten_only_with_the_word(
    agent: Agent, shelf: Shelf, store: Store, clock: list[float]
) -> None:
    agent.look()
    store.content = b"newer"
    clock[0] += 60
    done, said = ordered(agent, order="restore", to="latest", overwrite=False)
    assert not done
    assert "it holds 1 text, which would be lost" in said
    assert store.content == b"newer"
    done, said = ordered(agent, order="restore", to="latest", overwrite=True)
    assert done, said
    assert store.content == b"live"
    undo = max(shelf.kept)
    assert said.endswith(f"what was there before is {undo}")
    assert shelf.data[undo] == b"newer"


def test_a_restore_does_not_remove_what_it_restores(
    agent: Agent, shelf: Shelf, store: Store, clock: list[float]
) -> None:
    for content in (b"first", b"second"):
        store.content = content
        agent.look()
        clock[0] += HOUR
    oldest = min(shelf.kept)
    store.content = b"third"
    done, said = ordered(agent, order="restore", to=oldest, overwrite=True)
    assert (done, store.content) == (True, b"first"), said
    assert len(shelf.kept) == 3, "as many as are kept, and what undoes it"


def test_an_empty_store_needs_no_word(agent: Agent, store: Store) -> None:
    agent.look()
    store.content = b""
    done, said = ordered(agent, order="restore", to="latest", overwrite=False)
    assert (done, store.content) == (True, b"live"), said


def test_a_copy_that_broke_is_refused_and_the_older_one_is_offered(
    agent: Agent, shelf: Shelf, store: Store, clock: list[float]
) -> None:
    agent.look()
    clock[0] += HOUR
    agent.look()
    first, second = sorted(shelf.kept)
    shelf.data[second] = b"broken on the shelf"
    store.content = b"newer"
    done, said = ordered(agent, order="restore", to="latest", overwrite=True)
    assert not done
    assert said.startswith(f"{second} cannot be restored: it does not load; the one before it is TO={first}")
    assert store.content == b"newer", "found out before anything was touched"
    assert shelf.kept[second].failed
    done, said = ordered(agent, order="restore", to="latest", overwrite=True)
    assert not done, "it is not passed over in silence: an older one has less"
    assert f"TO={first}" in said


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("", "TO is missing; there is 2"),
        ("yesterday", "TO=yesterday is neither a time, a copy's name nor `latest`"),
        ("20200101-000000", "TO=20200101-000000 is none of the copies"),
        ("2020-01-01 10:00", "TO=2020-01-01 10:00 is before the first copy"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(agent: Agent, to: str, said: str) -> None:
    agent.look()
    done, text = ordered(agent, order="restore", to=to, overwrite=True)
    assert not done
    assert text.startswith(said)
    assert "(verified)" in text


def test_one_order_waits_at_most(agent: Agent) -> None:
    agent.order({"order": "take"})
    with pytest.raises(Failed, match="another order waits"):
        agent.order({"order": "take"})


def test_every_rule_reads_what_is_served_and_has_a_page(agent: Agent) -> None:
    agent.look()
    served = set(figures(agent))
    for kind in ("Redis", "Rabbit"):
        for rule in copies_rules(kind, "sessions", CopiesSettings(repository="offsite"), "sessions-copies"):
            assert metrics_of(rule.expr) <= served
            assert (REPOSITORY / rule.runbook).exists()
