"""What a host must have, by hand; and that everything that is rendered is counted."""

import pytest

from composition.promises import each_group, promised
from composition.read import check
from guarantees.capacity import Reserved, needed
from guarantees.topology import Group
from tests.goldens.rendered import STACKS, golden_registrations
from tests.stacks.fixtures import settings_of


def _group(count: int, *, hosts: tuple[str, ...] = (), moves: bool = False, everywhere: bool = False) -> Group:
    return Group(
        name="-", count=count, needed=1, hosts=hosts, moves=moves, everywhere=everywhere, without="-",
        cpu_millis=100, memory_bytes=2**20, most=count,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "hosts", "processes"),
    [
        ([_group(3, hosts=("a", "b", "c"))], 3, 1),
        ([_group(1, hosts=("a",)), _group(1, hosts=("a",))], 3, 2),
        ([_group(3, moves=True)], 3, 2),  # three on the two that are left
        ([_group(4, moves=True)], 3, 2),
        ([_group(5, moves=True), _group(3, hosts=("a", "b", "c")), _group(1, everywhere=True)], 3, 3 + 1 + 1),
        ([_group(2, moves=True), _group(1, hosts=("a",))], 1, 2 + 1),
    ],
)
def test_the_host_that_needs_most(groups: list[Group], hosts: int, processes: int) -> None:
    assert needed(groups, ("a", "b", "c")[:hosts], hosts) == Reserved(
        cpu_millis=processes * 100, memory_bytes=processes * 2**20
    )


def test_members_without_names_are_spread_over_all() -> None:
    assert needed([_group(3)], (), 3).cpu_millis == 100


@pytest.mark.parametrize("name", ["dev", "prod-on-swarm"])
def test_everything_that_is_rendered_is_counted(name: str) -> None:
    """All replicas once, without what an autoscaler and a lost host add: the sums are those of the services."""
    stack = check(settings_of(STACKS[name])[0], source="x", secret_names=frozenset())
    groups = each_group(stack, stack.platform.surroundings())
    cpu = memory = 0
    for one in golden_registrations(name):
        if one.type == "docker:index/service:Service":
            mode = one.inputs["mode"]
            replicas = mode["replicated"]["replicas"] if "replicated" in mode else 1
            reserved = one.inputs["taskSpec"]["resources"]["reservation"]
            cpu += replicas * reserved["nanoCpus"] // 1_000_000
            memory += replicas * reserved["memoryBytes"]
    assert sum(group.count * group.cpu_millis for group in groups) == cpu
    assert sum(group.count * group.memory_bytes for group in groups) == memory


def test_it_is_said_where_the_hosts_are_counted() -> None:
    swarm = check(settings_of(STACKS["prod-on-swarm"])[0], source="x", secret_names=frozenset())
    assert promised(swarm)["hosts"]["needed"] == {
        "needed": "3.11 CPU and 4040Mi on each for what is reserved, while another one is lost"
    }
    cluster = check(settings_of(STACKS["prod"])[0], source="x", secret_names=frozenset())
    assert "needed" not in promised(cluster)["hosts"]
