"""The two commands of the README, a change, the engine killed in the middle, and nothing left at the end."""

import json
import os
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from sandbox.hosts import leftovers, processes
from sandbox.hosts.host import Host
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import in_state, on_swarm, volumes_of
from tests.live.dev.commands import Commands, Run, processes_of
from tests.live.dev.conftest import PROFILE
from tests.live.dev.stacks import SMALL, Change, Settings, StackFile, development
from tests.live.machine import Machine

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(1800, func_only=True)]

SEED = int(os.environ.get("HA_SEED") or random.SystemRandom().randrange(10**6))
KILLS_IN_CREATE, KILLS_IN_UPDATE = 3, 7
LATEST = 0.85
"""The part of an `up` in which kills fall: one at the very end would often come too late, and has to be done again."""


def _more_replicas(settings: Settings) -> None:
    settings["apps"]["web"]["replicas"] = 3


def _new_image(settings: Settings) -> None:
    settings["apps"]["web"]["image"] = "chat-v2"


def _new_config_line(settings: Settings) -> None:
    settings["balancers"]["edge"]["routes"][0]["rate_limit"] = {"requests": 600, "period": "1m"}


@pytest.fixture(scope="module")
def first_up(commands: Commands) -> Run:
    return commands.make("up")


@pytest.fixture(scope="module")
def stack_file(directory: Path) -> StackFile:
    """A copy of Pulumi.dev.yaml for changes."""
    return StackFile(directory / "Pulumi.dev.yaml", development())


@pytest.fixture(scope="module")
def swarm(first_up: Run) -> SwarmCluster:
    assert first_up.code == 0, first_up.text
    return SwarmCluster(PROFILE)


def test_make_up_ends_with_a_streamed_answer(first_up: Run) -> None:
    assert first_up.code == 0, first_up.text
    assert "engine sandbox" in first_up.out
    assert re.search(r"http://10\.77\.0\.11:8080/", first_up.out), "the URL of the balancer"
    assert re.search(r"GET /chat\S* -> 200", first_up.out), "a real answer"
    assert '"done": true' in first_up.out, "streamed to its end"
    assert '"stored": true' in first_up.out, "and stored in the database"
    assert re.search(r"answered after \d+ s", first_up.out), "the duration"


def test_make_up_again_changes_nothing(swarm: SwarmCluster, commands: Commands) -> None:
    del swarm
    run = commands.make("up")
    assert run.code == 0, run.text
    assert "no changes" in run.out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(_more_replicas, {"web": "update"}, id="replicas"),
        pytest.param(_new_image, {"web": "update", "web-migrate": "update"}, id="image"),
        pytest.param(_new_config_line, {"edge-config": "replace", "edge": "update"}, id="config line"),
    ],
)
def test_a_preview_names_just_what_changes(
    swarm: SwarmCluster, commands: Commands, stack_file: StackFile, change: Change, named: dict[str, str]
) -> None:
    del swarm
    run = commands.cli("preview", "dev", "--json", stack_file=stack_file.write(change))
    assert run.code == 0, run.text
    steps = [step for step in json.loads(run.out)["steps"] if step["op"] not in ("same", *_PARTS_OF_REPLACE)]
    assert {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps} == named


_PARTS_OF_REPLACE = ("create-replacement", "delete-replaced")


def test_up_applies_a_change(swarm: SwarmCluster, commands: Commands, stack_file: StackFile) -> None:
    url = f"http://{swarm.hosts[0].address}:8080/health"
    assert httpx.get(url, timeout=5).headers["x-version"] == "1"

    def new_version(settings: Settings) -> None:
        settings["apps"]["web"] |= {"image": "chat-v2", "env": {}}

    run = commands.make("up", STACK="dev", STACK_FILE=str(stack_file.keep(new_version)))
    assert run.code == 0, run.text

    def only_new() -> bool:
        """A replica that drains answers until the proxies have noticed."""
        return {httpx.get(url, timeout=5).headers.get("x-version") for _ in range(6)} == {"2"}

    wait_until(only_new, "the new version alone answers", 60, every=0.5)


def test_make_status_shows_every_component_ready(swarm: SwarmCluster, commands: Commands) -> None:
    run = _settled_status(commands)
    assert run.code == 0, run.text
    names = {service.name for service in swarm.client().services.list()}
    assert names
    assert names == {name for name in re.findall(r"\bdev-[a-z0-9-]+", run.out) if name in names}
    counts = re.findall(r"\b(\d+)/(\d+)\b", run.out)
    assert len(counts) == len(names)
    assert all(ready == wanted != "0" for ready, wanted in counts), run.out


def _settled_status(commands: Commands) -> Run:
    """The status once the old replicas of the last change have ended: a Swarm counts them until then."""
    runs: list[Run] = []

    def settled() -> bool:
        runs.append(commands.make("status"))
        return all(ready == wanted for ready, wanted in re.findall(r"\b(\d+)/(\d+)\b", runs[-1].out))

    with suppress(TimeoutError):  # the caller says what is wrong
        wait_until(settled, "no old replica runs", 60, every=1)
    return runs[-1]


class Killed:
    """The small stack beside the development stack, whose `up` is killed."""

    def __init__(self, swarm: SwarmCluster, commands: Commands, directory: Path) -> None:
        self.commands = commands
        self.client = swarm.client()
        self.file = StackFile(directory / "Pulumi.small.yaml", SMALL)
        self.others = on_swarm(self.client)

    def up_seconds(self) -> float:
        """How long an `up` takes that nobody kills."""
        started = time.monotonic()
        self._converge()
        return time.monotonic() - started

    def kill(self, after: float, what: str) -> bool:
        """Kill an `up`, then let one converge. False when it had ended before."""
        if not self.commands.kill("up", "small", after=after, stack_file=self.file.path):
            return False
        wait_until(lambda: not processes_of(self.commands.state), "the engine's own processes ended with it", 60)
        print(f"killed {after:.1f} s into {what}: {len(on_swarm(self.client) - self.others)} objects of the stack")
        self._converge()
        return True

    def remove(self) -> None:
        """Destroy the stack: nothing of it stays but what is not the engine's, its volumes."""
        done = self._engine("destroy")
        assert done.code == 0, done.text
        self.wait_for_objects(lambda: on_swarm(self.client) == self.others, "nothing of the stack is left")

    def wait_for_objects(self, condition: Callable[[], bool], what: str) -> None:
        """A host still lists a network that is gone until its last container's end is cleared away; orphans stay."""
        wait_until(condition, what, 60, every=0.5)

    def _converge(self) -> None:
        done = self._engine("up")
        assert done.code == 0, done.text
        again = self._engine("preview", "--expect-no-changes")
        assert again.code == 0, again.text
        known = in_state(self._engine("export").out)
        self.wait_for_objects(lambda: on_swarm(self.client) - self.others == known, f"no orphans beside {known}")

    def _engine(self, *arguments: str) -> Run:
        host = SwarmCluster(PROFILE).docker_host
        return self.commands.engine(
            *arguments, "--stack", "small", "--stack-file", str(self.file.path), DOCKER_HOST=host
        )


@pytest.fixture(scope="module")
def killed(swarm: SwarmCluster, commands: Commands, directory: Path) -> Killed:
    return Killed(swarm, commands, directory)


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


def _no_second_cache(settings: Settings) -> None:
    del settings["caches"]["jobs"]


def _version(number: int) -> Change:
    def change(settings: Settings) -> None:
        settings["apps"]["web"]["env"] = {"APP_VERSION": str(number)}
        settings["balancers"]["edge"]["routes"][0]["rate_limit"] = {"requests": 500 + number, "period": "1m"}

    return change


def test_up_converges_after_a_kill_in_an_update(killed: Killed) -> None:
    moments = random.Random(SEED + 1)
    cache = (_second_cache, _no_second_cache)
    changes = (*cache, _version(2), *cache, _version(3), _second_cache)
    assert len(changes) == KILLS_IN_UPDATE
    killed.file.keep(_version(1))
    whole = killed.up_seconds()
    for number, change in enumerate(changes):
        killed.file.keep(change)
        part = LATEST * (number + moments.random()) / KILLS_IN_UPDATE
        while not killed.kill(part * whole, f"an update of {whole:.0f} s, seed {SEED}"):
            killed.file.keep(_version(10 + number))
            part *= 0.8


def test_down_keeps_the_host_while_another_stack_runs_there(killed: Killed, swarm: SwarmCluster) -> None:
    run = killed.commands.make("down", STACK="small", STACK_FILE=str(killed.file.path))
    assert run.code == 0, run.text
    assert "stays for stack dev" in run.out
    assert swarm.hosts[0].init(), "the host is kept"
    killed.wait_for_objects(lambda: on_swarm(killed.client) == killed.others, "nothing of the small stack is left")
    assert volumes_of(killed.client, "small") == [], "`data: delete` removes volumes"
    assert volumes_of(killed.client, "dev") != []


def test_make_down_leaves_nothing(swarm: SwarmCluster, commands: Commands, machine_before: Machine) -> None:
    namespaces = leftovers.namespaces([*swarm.hosts, Host(PROFILE, 0)])
    run = commands.make("down")
    assert run.code == 0, run.text
    assert leftovers.find(PROFILE, namespaces) == []
    assert processes.in_namespaces(namespaces) == []
    wait_until(lambda: not processes_of(commands.state), "the commands' own processes ended with them", 60)
    assert Machine.now(PROFILE) == machine_before
    assert "removed" in run.out
    again = commands.make("down")
    assert again.code == 0, again.text
