"""The volume of an application's replicas: from the stack file to the mount, on both platforms."""

from typing import Any

import pytest

from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted

DATA = ["keep", "delete"]


def registered(kind: str, *, data: str = "keep", **app: Any) -> list[Recorded]:
    given = {"image": "registry.example.com/app:1", "port": 8000, "replicas": 2, "volumes": {"/var/lib/app": "5Gi"}}
    document = {"platform": PLATFORMS[kind], "data": data, "apps": {"web": given | app}}
    return accepted(document, secrets={})


def of(records: list[Recorded], type_: str) -> dict[str, Recorded]:
    return {one.name: one for one in records if one.type.rpartition(":")[2] == type_}


@pytest.mark.parametrize("data", DATA)
def test_on_swarm_each_has_a_volume_of_its_host(data: str) -> None:
    services = of(registered("swarm", data=data), "Service")
    assert set(services) == {"web-0", "web-1"}
    for ordinal, one in enumerate(services.values()):
        task = one.inputs["taskSpec"]
        (mount,) = (mount for mount in task["containerSpec"]["mounts"] if mount["type"] == "volume")
        assert (mount["source"], mount["target"]) == (f"generated-web-{ordinal}", "/var/lib/app")
        assert task["placement"]["constraints"] == [f"node.hostname==host{ordinal + 1}"]
        assert one.inputs["updateConfig"]["order"] == "stop-first", "two would write to one volume"
        labels = {label["label"]: label["value"] for label in one.inputs["labels"]}
        assert (labels["ha-platform.data"], labels["ha-platform.volume-size"]) == (data, str(5 * 2**30))


@pytest.mark.parametrize("data", DATA)
def test_on_kubernetes_each_has_a_claim_that_its_group_may_write_to(data: str) -> None:
    records = registered("kubernetes", data=data, run_as={"uid": 2000, "gid": 2001})
    (claimed,) = of(records, "StatefulSet").values()
    spec = claimed.inputs["spec"]
    pod = spec["template"]["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == ("Retain" if data == "keep" else "Delete")
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]) == (2000, 2001)
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "data")
    assert mount == {"name": "data", "mountPath": "/var/lib/app"}
    claims = of(records, "PersistentVolumeClaim")
    assert set(claims) == {"data-web-0", "data-web-1"}
    assert all(one.retain_on_delete for one in claims.values())
    sizes = {one.inputs["spec"]["resources"]["requests"]["storage"] for one in claims.values()}
    assert sizes == {"5Gi"}
    assert not of(records, "Deployment")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_worker_without_a_port_has_its_volume_too(kind: str) -> None:
    records = registered(kind, port=None, probes={"command": ["check"]})
    assert of(records, "Service" if kind == "swarm" else "StatefulSet")
    assert kind == "swarm" or not of(records, "Service")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_fewer_replicas_are_not_refused(kind: str) -> None:
    """Stores have a guard: those that stay are no majority."""
    words = [one for one in registered(kind) if "taskSpec" in one.inputs or one.type.endswith("StatefulSet")]
    assert {hook for one in words for hook in one.before_update} == {"moves-web" if kind == "swarm" else "members-web"}
