"""The chain from the longest request to the kill, by hand and as it is rendered."""

import pytest

from composition.promises import each_chain, promised
from composition.read import check
from guarantees.drain import Chain, Drain
from platforms.durations import seconds_of
from tests.goldens.rendered import STACKS, golden_registrations
from tests.stacks.fixtures import settings_of


def _front(work: int = 60, grace: int = 65) -> Drain:
    return Drain(name="edge", work_seconds=work, grace_seconds=grace, serves=("web",), forgotten=True, public=True)


def _app(work: int = 30, grace: int = 35) -> Drain:
    return Drain(name="web", work_seconds=work, grace_seconds=grace, forgotten=True)


@pytest.mark.parametrize(
    ("front", "app", "holds"),
    [
        (_front(), _app(), True),
        (_front(30, 30), _app(30, 30), True),
        (_front(29), _app(30), False),
        (_front(60, 59), _app(), False),
        (_front(), _app(30, 29), False),
    ],
)
def test_no_part_cuts_what_another_lets_end(front: Drain, app: Drain, holds: bool) -> None:
    assert Chain(front=front, behind=[app]).holds is holds


@pytest.mark.parametrize("name", STACKS)
def test_every_stack_holds_as_it_is_rendered(name: str) -> None:
    stack = check(settings_of(STACKS[name])[0], source="x", secret_names=frozenset())
    around = stack.platform.surroundings()
    kills: dict[str, int] = {}
    for one in golden_registrations(name):
        if one.type == "docker:index/service:Service":
            kills[one.inputs["name"].partition("-")[2]] = seconds_of(
                one.inputs["taskSpec"]["containerSpec"]["stopGracePeriod"]
            )
        elif one.type == "kubernetes:apps/v1:Deployment":
            pod = one.inputs["spec"]["template"]["spec"]
            kills[one.name] = pod["terminationGracePeriodSeconds"]
    chains = [chain for _, chain in each_chain(stack)]
    assert bool(chains) == bool(stack.balancers)
    for chain in chains:
        assert chain.holds
        for drain in (chain.front, *chain.behind):
            assert kills[drain.name] == drain.before(around) + drain.grace_seconds, drain.name


def test_it_is_said() -> None:
    stack = check(settings_of(STACKS["prod"])[0], source="x", secret_names=frozenset())
    assert promised(stack)["balancers.edge"]["drain"] == {
        "drain": "web 600 s (kill 5 + 605 s) <= edge 600 s (kill 75 + 605 s)"
    }
