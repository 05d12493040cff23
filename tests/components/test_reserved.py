"""What stores reserve unless the stack file says otherwise."""

from typing import Any

from settings.document import read_document
from tests.goldens.rendered import STACKS, registrations

STORES = {"main-pg", "main-etcd", "sessions-redis", "sessions-sentinel", "jobs-redis", "jobs-sentinel"}


def test_a_store_reserves_all_that_it_may_use() -> None:
    """So it is the last that a node without memory ends, and no neighbour takes its turns."""
    stack = read_document(STACKS["prod"].read_text())["config"]["ha-platform:stack"]
    assert not any("resources" in key for store in _stores(stack) for key in store), "the defaults are looked at"
    found = {
        one.name: one.inputs["spec"]["template"]["spec"]["containers"][0]["resources"]
        for one in registrations(STACKS["prod"], "prod")
        if one.type.endswith(":StatefulSet")
    }
    assert found.keys() >= STORES
    for name in STORES:
        for resource in ("cpu", "memory"):
            assert found[name]["requests"][resource] == found[name]["limits"][resource], name


def _stores(stack: dict[str, Any]) -> list[dict[str, Any]]:
    return [*stack["databases"].values(), *stack["caches"].values()]
