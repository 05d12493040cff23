"""Whatever runs on the nodes of a pool tolerates the pool's taint, with what stands beside it."""

from collections.abc import Iterator
from typing import Any

from tests.examples.example import EXAMPLES, rendered

KINDS = ("Deployment", "StatefulSet", "CronJob", "Job")


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and specification of each pod of the example with pools."""
    (example,) = [one for one in EXAMPLES if one.name == "messenger-bot"]
    for one in rendered(example):
        if one.type.rpartition(":")[2] in KINDS:
            spec = one.inputs["spec"]
            yield one.name, spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]


def test_a_pool_s_taint_is_tolerated_by_all_that_its_labels_choose() -> None:
    found = {name: pod for name, pod in pods() if pod.get("nodeSelector")}
    pools = {pod["nodeSelector"]["node-type"] for pod in found.values()}
    assert pools == {"ml", "database", "cache", "monitoring"}
    assert {"main-pg", "main-etcd", "main-dumps", "main-dumps-clock", "main-pg-verify"} <= set(found), "with its jobs"
    assert {"cache-redis-0", "jobs-redis", "jobs-sentinel", "jobs-copies", "worker-ml-celery"} <= set(found)
    for name, pod in found.items():
        wanted = {"key": "node-type", "operator": "Equal", "value": pod["nodeSelector"]["node-type"]}
        assert pod.get("tolerations") == [wanted], name


def test_nothing_else_may_go_there() -> None:
    others = [name for name, pod in pods() if pod.get("tolerations") and not pod.get("nodeSelector")]
    assert others == []
