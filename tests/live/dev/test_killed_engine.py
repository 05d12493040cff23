"""An `up` that is killed at any moment: the next one converges, and nothing is orphaned."""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drills.commands import Run
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import Belongings, in_state, on_swarm
from tests.live.dev.commands import Commands, processes_of
from tests.live.dev.stacks import SMALL, Change, Settings, StackFile

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(1800, func_only=True)]

SEED = int(os.environ.get("HA_SEED") or random.SystemRandom().randrange(10**6))
KILLS_IN_CREATE, KILLS_IN_UPDATE = 1, 2
"""A run costs minutes; `tests/engine/test_kill.py` has more moments, and other runs have other seeds."""
LATEST = 0.85
"""The part of an `up` in which kills fall: one at the very end would often come too late, and has to be done again."""


class Killed:
    """The small stack, whose `up` is killed."""

    def __init__(self, swarm: SwarmCluster, commands: Commands, directory: Path) -> None:
        self.commands = commands
        self.client = swarm.client()
        self.docker_host = swarm.docker_host
        self.file = StackFile(directory / "Pulumi.small.yaml", SMALL)
        first = commands.cli("preview", "small", stack_file=self.file.path)
        assert first.code == 0, first.text  # it makes the passphrase, which `engine` below reads

    def objects(self) -> Belongings:
        """What the Swarm has of the stack."""
        return on_swarm(self.client, "small")

    def up_seconds(self) -> float:
        """How long an `up` takes that nobody kills."""
        started = time.monotonic()
        self._converge()
        return time.monotonic() - started

    def kill(self, after: float, what: str) -> bool:
        """Kill an `up`, then let one converge. False when it had ended before."""
        if not self.commands.kill("up", "small", after=after, stack_file=self.file.path):
            return False
        wait_until(lambda: not processes_of(self.commands.state), "the engine's own processes ended with it", 180)
        print(f"killed {after:.1f} s into {what}: {len(self.objects())} objects of the stack")
        self._converge()
        return True

    def remove(self) -> None:
        """Destroy the stack: nothing of it stays but what is not the engine's, its volumes."""
        done = self._engine("destroy")
        assert done.code == 0, done.text
        self.wait_for_objects(lambda: self.objects() == set(), "nothing of the stack is left")

    def wait_for_objects(self, condition: Callable[[], bool], what: str) -> None:
        """A host still lists a network that is gone until its last container's end is cleared away; orphans stay."""
        wait_until(condition, what, 60, every=0.5)

    def _converge(self) -> None:
        done = self._engine("up")
        assert done.code == 0, done.text
        again = self._engine("preview", "--expect-no-changes")
        assert again.code == 0, again.text
        known = in_state(self._engine("export").out)
        self.wait_for_objects(lambda: self.objects() == known, f"no orphans beside {known}")

    def _engine(self, *arguments: str) -> Run:
        return self.commands.engine(
            *arguments, "--stack", "small", "--stack-file", str(self.file.path), DOCKER_HOST=self.docker_host
        )


@pytest.fixture(scope="module")
def killed(swarm_dev: SwarmCluster, directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    killed = Killed(swarm_dev, Commands(tmp_path_factory.mktemp("state")), directory)
    yield killed
    killed.remove()


@pytest.mark.slow
def test_up_converges_after_a_kill_in_a_create(killed: Killed) -> None:
    moments = random.Random(SEED)
    whole = killed.up_seconds()
    for number in range(KILLS_IN_CREATE):
        killed.remove()
        part = LATEST * (number + moments.random()) / KILLS_IN_CREATE
        while not killed.kill(part * whole, f"a create of {whole:.0f} s, seed {SEED}"):
            killed.remove()
            part *= 0.8


def _second_cache(settings: Settings) -> None:
    settings["caches"]["jobs"] = {**settings["caches"]["sessions"], "role": "broker"}


def _no_second_cache_and_another_version(settings: Settings) -> None:
    del settings["caches"]["jobs"]
    settings["abandon_data"] = ["caches.jobs"]
    _version(2)(settings)


def _version(number: int) -> Change:
    def change(settings: Settings) -> None:
        settings["apps"]["web"]["env"] = {"APP_VERSION": str(number)}
        settings["balancers"]["edge"]["routes"][0]["rate_limit"] = {"requests": 500 + number, "period": "1m"}

    return change


@pytest.mark.slow
def test_up_converges_after_a_kill_in_an_update(killed: Killed) -> None:
    moments = random.Random(SEED + 1)
    changes = (_second_cache, _no_second_cache_and_another_version)
    assert len(changes) == KILLS_IN_UPDATE
    killed.file.keep(_version(1))
    whole = killed.up_seconds()
    for number, change in enumerate(changes):
        killed.file.keep(change)
        part = LATEST * (number + moments.random()) / KILLS_IN_UPDATE
        while not killed.kill(part * whole, f"an update of {whole:.0f} s, seed {SEED}"):
            killed.file.keep(_version(10 + number))
            part *= 0.8
