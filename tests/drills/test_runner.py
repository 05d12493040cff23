"""A drill against a server that is told what to lose: every figure is what was done to it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from drills import runner
from drills.errors import DrillError
from drills.fault import Fault
from drills.runner import drill
from drills.waiting import wait_for
from tests.drills.fake_site import FakeSite, fake_site

pytestmark = pytest.mark.live


class Toy(Fault):
    """The server is down for a while."""

    name, does, healed_by = "toy", "the server is down", "it comes back"
    promise: ClassVar[tuple[str, str] | None] = ("databases.main", "primary killed")
    outage, forgotten, left = 0.8, 0, 0

    def server(self) -> FakeSite:
        assert isinstance(self.site, FakeSite)
        return self.site

    def well(self) -> bool:
        return bool(self.site.replicas("web")) and not self.server().server.down

    def aim(self) -> None:
        self.hit = self.site.containers_of(self.site.replicas("web")[0])

    def inject(self) -> None:
        least = self.forgotten + 1
        visits = least if self.measures == "cache" else 0
        wait_for("there is something to forget", lambda: self.server().server.holds(least, visits), seconds=120)
        self.server().server.down = True
        self.server().server.forget(self.forgotten)
        self.site.kill(self.site.replicas("web")[0])
        time.sleep(self.outage)

    def heal(self) -> None:
        self.server().server.down = False
        self.left = self.server().server.fewest

    def healed(self) -> bool:
        """And writes go on."""
        return super().healed() and self.server().server.fewest > self.left

    def old_member(self) -> str:
        return "gone"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSite]:
    monkeypatch.setattr(runner, "STEADY_SECONDS", 0.5)
    monkeypatch.setattr(runner, "WELL_SECONDS", 1)
    with fake_site(tmp_path) as made:
        yield made


def test_an_outage_is_measured_beside_the_promise(site: FakeSite) -> None:
    done = drill(Toy(site), 2)
    one = done.result
    assert (one.fault, one.platform, one.setting, one.run) == ("toy", "swarm", "product", 2)
    assert one.promised_outage_s == 10.5, "restart 1 + start 2 + Patroni 2 + server 2 + address 2 + check 0.5 + retry 1"
    assert one.measured_outage_s == done.writes.longest_outage_seconds >= 0.8
    assert (one.promised_lost, one.lost, one.old_member) == (0, 0, "gone")
    assert one.failed_requests == done.requests.failed, "on a busy machine some wait too long"
    assert done.writes.acknowledged > 1
    assert done.requests.sent > 1
    assert "no writes for" in str(done)


def test_lost_writes_and_failed_requests_are_counted(site: FakeSite) -> None:
    class Forgetful(Toy):
        forgotten = 3
        promise = None

        def inject(self) -> None:
            self.server().server.unsafe = True
            super().inject()
            wait_for("a request fails", lambda: self.server().server.unsafe_answers > 0, seconds=120, every=0.05)
            self.server().server.unsafe = False

    one = drill(Forgetful(site), 1).result
    assert (one.promised_outage_s, one.promised_lost) == (None, 0)
    assert one.lost == 3
    assert one.failed_requests > 0


def test_a_cache_is_measured_by_its_visits(site: FakeSite) -> None:
    class OfCache(Toy):
        measures = "cache"
        promise = ("caches.sessions", "master killed")
        forgotten = 4

    done = drill(OfCache(site), 1)
    assert done.counts is not None
    assert (done.result.promised_outage_s, done.result.promised_lost, done.result.lost) == (4.9, 100, 4)
    assert done.result.measured_outage_s == done.counts.longest_outage_seconds >= 0.8


def test_a_broker_is_measured_by_what_it_confirmed(site: FakeSite) -> None:
    class OfBroker(Toy):
        measures = "broker"
        promise = None
        forgotten = 2

    done = drill(OfBroker(site), 1)
    assert done.messages is not None
    assert done.result.lost == len(done.messages.lost) == 2
    assert done.result.measured_outage_s == done.messages.longest_outage_seconds >= 0.8


def test_more_requests_on_demand(site: FakeSite) -> None:
    assert drill(Toy(site), 1, rate=50, least=150).requests.sent >= 150


def test_what_is_not_well_before_is_not_broken_further(site: FakeSite) -> None:
    site.containers.clear()
    with pytest.raises(AssertionError, match="toy: all is well before it: not within 1 s"):
        drill(Toy(site), 1)


def test_what_does_not_heal_fails_the_drill(site: FakeSite) -> None:
    class Stays(Toy):
        seconds = 1

        def inject(self) -> None:
            return

    with pytest.raises(AssertionError, match="still runs: 1 of 1 that were hit"):
        drill(Stays(site), 1)


def test_what_a_fault_holds_is_let_go_when_its_drill_fails(site: FakeSite) -> None:
    class Holds(Toy):
        def inject(self) -> None:
            self.server().server.down = True
            raise DrillError("it cannot be done here")

        def heal(self) -> None:
            super().heal()
            raise LookupError("there is no filler")

        def clean(self) -> None:
            self.server().server.unsafe = False

    site.server.unsafe = True
    with pytest.raises(DrillError, match="it cannot be done here"):
        drill(Holds(site), 1)
    assert (site.server.down, site.server.unsafe) == (False, False)
