"""An example written for one platform, on the other: refused by the keys that only the first can honour, and without
them rendered."""

from copy import deepcopy
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from composition.read import check
from settings.faults import BrokenStack
from tests.examples.example import EXAMPLES, Example, composed

KUBERNETES = {"kind": "kubernetes", "entry": "load-balancer"}
SWARM = {"kind": "swarm", "nodes": ["node-a", "node-b", "node-c"], "entry": "dns"}
REFUSED = {
    "agent-platform": {
        "apps.api.schedules.tidy.host", "apps.ollama.rollout.order", "apps.tracing.hosts",
        "brokers.jobs.hosts", "clusters.cache.hosts",
        "databases.main.hosts", "databases.main.backups.verify.host", "databases.main.dumps.host",
        "monitoring.prometheus.host", "monitoring.alertmanager.host", "monitoring.grafana.host",
        "volumes.models.storage_class", "volumes.models.driver", "volumes.models.options",
    },
    "ai-chat": {"apps.api.prefer_spot", "balancers.edge.front.tls"},
    "messenger-bot": {
        *(f"{part}.placement.tolerations" for part in (
            "apps.worker-ml", "caches.jobs", "clusters.cache", "databases.main",
            "monitoring.prometheus", "monitoring.alertmanager", "monitoring.grafana",
        )),
    },
    "prompt-studio": {
        "caches.sessions.hosts", "databases.main.hosts", "databases.main.backups.verify.host",
        "monitoring.prometheus.host", "monitoring.alertmanager.host",
    },
}  # fmt: skip
"""Example -> what its other platform refuses. The READMEs of all others say how to move them."""
ONE_PLATFORM = [example for example in EXAMPLES if not example.other_platform()]


def test_every_example_can_be_moved_or_says_why_not() -> None:
    assert {example.name for example in ONE_PLATFORM} == set(REFUSED)


@pytest.mark.parametrize("example", ONE_PLATFORM, ids=lambda example: example.name)
def test_the_other_platform_refuses_by_name_and_renders_the_rest(example: Example) -> None:
    settings = deepcopy(example.settings())
    settings["platform"] = SWARM if settings["platform"]["kind"] == "kubernetes" else KUBERNETES
    with pytest.raises(BrokenStack) as refused:
        resources(example, settings)
    keys = {fault.path.removeprefix("ha-platform:stack.") for fault in refused.value.faults}
    assert keys == REFUSED[example.name]
    for key in keys:
        *above, field = key.split(".")
        where = reduce(getitem, above, settings)
        if field == "storage_class":  # refused, for it is missing
            where[field] = "files"
        else:
            where.pop(field, None)  # two keys may share one value of the file
    assert resources(example, settings) > 50, "it is rendered"


def resources(example: Example, settings: dict[str, Any]) -> int:
    """How many the settings become; raises BrokenStack."""
    stack = check(settings, source=example.path.name, secret_names=example.secrets())
    return len(composed(example, stack))
