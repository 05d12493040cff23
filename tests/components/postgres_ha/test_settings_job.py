"""A change of what Patroni keeps in its store: which resources it touches, and who waits for it, on both platforms."""

import copy
from functools import cache
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

STACKS = {"kubernetes": REPOSITORY / "Pulumi.prod.yaml", "swarm": REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"}
JOB = "main-pg-settings"


@cache
def unchanged(platform: str) -> dict[tuple[str, str], Recorded]:
    """What the stack registers as it is."""
    return changed(platform, {})


def changed(platform: str, changes: dict[str, Any]) -> dict[tuple[str, str], Recorded]:
    """What the stack registers with its database changed."""
    path = STACKS[platform]
    settings = copy.deepcopy(settings_of(path)[0])
    # What lets members take a lock early runs beside them: a change of it restarts them.
    settings["databases"]["main"].pop("failover", None)
    settings["databases"]["main"] |= changes
    stack = check(settings, source=path.name, secret_names=frozenset())
    found = render(lambda _: compose(StackInput(source=path.name, stack=stack, secrets={}), stack_name="prod"))
    return {(one.type, one.name): one for one in found}


@pytest.mark.parametrize("platform", STACKS)
@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        pytest.param({"failover": {"ttl": "60s"}}, set(), id="timer"),
        pytest.param({"synchronous": False}, set(), id="synchronous"),
        pytest.param({"max_connections": 333}, {"main-rw-config", "main-rw"}, id="max_connections, and its proxies"),
    ],
)
def test_a_change_runs_the_job_and_leaves_the_members_alone(
    platform: str, changes: dict[str, Any], beside: set[str]
) -> None:
    before, after = unchanged(platform), changed(platform, changes)
    assert before.keys() == after.keys()
    touched = {key[1] for key, one in after.items() if one.inputs != before[key].inputs}
    assert touched == {f"{JOB}-wanted", JOB} | beside


@pytest.mark.parametrize("platform", STACKS)
def test_the_proxies_and_the_clients_wait_for_the_job(platform: str) -> None:
    """So a new cluster is synchronous before its first write is acknowledged."""
    found = unchanged(platform)
    waiting = {one.name for one in found.values() if JOB in one.depends_on}
    settings, _ = settings_of(STACKS[platform])
    clients = {name for name, app in settings["apps"].items() if "main" in app.get("uses", {})}
    assert clients
    assert clients | {"main-rw"} <= waiting


@pytest.mark.parametrize("platform", STACKS)
def test_the_job_waits_for_every_member(platform: str) -> None:
    everyone = {"swarm": {f"main-pg-{ordinal}" for ordinal in range(3)}, "kubernetes": {"main-pg"}}[platform]
    found = unchanged(platform).values()
    assert [one.name for one in found if one.name == JOB and everyone <= set(one.depends_on)] == [JOB]
