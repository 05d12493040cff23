"""What the commands take for a killed run's own on a cluster, what they adopt, and what they remove."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.hosts import Hosts
from cli.killed import KilledRun, NotItsOwn
from cli.kubernetes_reasons import FailedPods
from cli.kubernetes_recover import take_up
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.waiting import wait_until
from sandbox.images.build import ensure_images, reference

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(900, func_only=True)]

NAMESPACE = "recovered"
MANAGER = "pulumi-kubernetes-0a1b2c3d"


@pytest.fixture(scope="module")
def hosts(kubernetes_cluster: KubernetesCluster) -> Iterator[Hosts]:
    """A cluster with a namespace for these tests."""
    ensure_images(["base"])
    kubernetes_cluster.kubectl(["create", "namespace", NAMESPACE])
    yield Hosts(environment={}, address="", description="cluster", kubeconfig=str(kubernetes_cluster.kubeconfig))
    kubernetes_cluster.kubectl(["delete", "namespace", NAMESPACE, "--wait=false"])


def inputs(kind: str, name: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **more}


def job(name: str, script: str) -> dict[str, Any]:
    container = {"name": "main", "image": reference("base"), "command": ["sh", "-c", script]}
    template = {
        "metadata": {"labels": {"app.kubernetes.io/name": name}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    spec = {"backoffLimit": 0, "activeDeadlineSeconds": 60, "template": template}
    return inputs("Job", name, "batch/v1", spec=spec)


def resource(wanted: dict[str, Any]) -> dict[str, Any]:
    type = f"kubernetes:{wanted['apiVersion']}:{wanted['kind']}"
    return {"urn": f"urn::{wanted['kind']}", "type": type, "inputs": wanted}


def apply(cluster: KubernetesCluster, wanted: dict[str, Any], manager: str = MANAGER) -> dict[str, Any]:
    cluster.kubectl(["apply", "--server-side", "--field-manager", manager, "-f", "-"], stdin=json.dumps(wanted))
    return resource(wanted)


def recover(hosts: Hosts, *created: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"live": (), "known": (), "began": None, "adopt": True, **more}
    return take_up(KilledRun(created=created, **asked), hosts)


def there(cluster: KubernetesCluster, kind: str) -> set[str]:
    names = cluster.kubectl(["-n", NAMESPACE, "get", kind, "-o", "jsonpath={.items[*].metadata.name}"])
    return set(names.split()) - {"kube-root-ca.crt"}


def test_objects_are_adopted_under_the_name_that_applied_them(
    kubernetes_cluster: KubernetesCluster, hosts: Hosts
) -> None:
    claim = inputs(
        "PersistentVolumeClaim",
        "data",
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    )
    made = [apply(kubernetes_cluster, one) for one in (claim, inputs("ConfigMap", "file-1a2b", data={"a": "b"}))]
    (adopted,) = recover(hosts, *made, resource(inputs("Service", "lost")))
    assert adopted["id"] == f"{NAMESPACE}/data"
    assert adopted["outputs"] == {
        **claim, "__fieldManager": MANAGER, "__initialApiVersion": "v1", "__inputs": claim
    }  # fmt: skip
    assert adopted["initErrors"], "the next update waits for it"
    assert there(kubernetes_cluster, "configmap") == set(), "its name is new with each create"


def test_a_job_is_waited_for(kubernetes_cluster: KubernetesCluster, hosts: Hosts) -> None:
    good = apply(kubernetes_cluster, job("good", "sleep 2"))
    (adopted,) = recover(hosts, good)
    assert "initErrors" not in adopted
    bad = apply(kubernetes_cluster, job("bad", "exit 1"))
    assert recover(hosts, bad) == []
    assert there(kubernetes_cluster, "job") == {"good"}
    assert {name.rpartition("-")[0] for name in there(kubernetes_cluster, "pod")} == {"good"}


def test_what_is_not_the_killed_run_s_is_left_alone(kubernetes_cluster: KubernetesCluster, hosts: Hosts) -> None:
    foreign = apply(kubernetes_cluster, inputs("ConfigMap", "foreign"), "kubectl")
    own = apply(kubernetes_cluster, inputs("ConfigMap", "own"))
    with pytest.raises(
        NotItsOwn, match=f"ConfigMap {NAMESPACE}/foreign is there, but not from the run that was killed"
    ):
        recover(hosts, own, foreign)
    with pytest.raises(NotItsOwn, match=f"ConfigMap {NAMESPACE}/own is there"):
        recover(hosts, own, began=datetime.now(UTC) + timedelta(hours=1))
    assert recover(hosts, foreign, adopt=False) == []
    assert recover(hosts, own, known={(own["type"], f"{NAMESPACE}/own")}) == []
    assert there(kubernetes_cluster, "configmap") == {"foreign", "own"}


def test_the_exit_code_and_log_of_a_pod_that_failed_are_found(
    kubernetes_cluster: KubernetesCluster, hosts: Hosts
) -> None:
    with FailedPods([NAMESPACE], hosts) as watch:
        apply(kubernetes_cluster, job("fails", "echo no such table; exit 3"))
        wait_until(watch.reasons, "a pod failed", 180, every=0.5)
    (reason,) = watch.reasons()
    assert reason.what == "fails"
    assert reason.why.startswith("container main failed with exit code 3 in fails-")
    assert reason.lines == ("no such table",)
