"""A singleton is one replica whose update stops it first, on both platforms."""

from typing import Any

import pytest

from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted


def replicas(kind: str, **app: Any) -> dict[str, Any]:
    document = {"platform": PLATFORMS[kind], "apps": {"beat": {"image": "registry.example.com/app:1", "port": 1} | app}}
    records: list[Recorded] = accepted(document, secrets={})
    (one,) = (
        one.inputs
        for one in records
        if one.name == "beat" and ("taskSpec" in one.inputs or "template" in one.inputs.get("spec", {}))
    )
    return one


@pytest.mark.parametrize("kind", PLATFORMS)
def test_it_never_runs_beside_itself(kind: str) -> None:
    found = replicas(kind, singleton=True)
    if kind == "swarm":
        assert found["mode"]["replicated"]["replicas"] == 1
        assert (found["updateConfig"]["order"], found["rollbackConfig"]["order"]) == ("stop-first", "stop-first")
    else:
        assert (found["spec"]["replicas"], found["spec"]["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("kind", PLATFORMS)
def test_it_is_what_two_other_keys_say(kind: str) -> None:
    assert replicas(kind, singleton=True) == replicas(kind, replicas=1, rollout={"order": "stop-first"})
