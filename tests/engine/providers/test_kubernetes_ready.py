"""When objects count as ready, against the statuses that a cluster reports."""

from __future__ import annotations

from typing import Any, cast

import pytest

from sandbox.engine.providers.kubernetes import outputs, pods
from sandbox.engine.providers.kubernetes.client import ApiError, Client
from sandbox.engine.providers.kubernetes.kinds import KINDS
from sandbox.engine.providers.kubernetes.ready import READY, Failed
from sandbox.engine.values import Secret

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
JOB = "kubernetes:batch/v1:Job"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
SERVICE = "kubernetes:core/v1:Service"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


class Cluster:
    """The answers of an API server, by the end of the path."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def get(self, path: str, **query: str) -> Any:  # noqa: ARG002
        return self.answers.get(path.rsplit("/", 1)[-1], {"items": []})

    def text(self, path: str, **query: str) -> str:  # noqa: ARG002
        return str(self.answers.get("previous_log" if query.get("previous") else "log", ""))


def missing(type: str, spec: dict[str, Any], status: dict[str, Any], **answers: Any) -> str | None:
    metadata = {"name": "web", "namespace": "n", "generation": 2, "uid": "u"}
    live = {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 2, **status}}
    return READY[type](cast(Client, Cluster(**answers)), live)


FULL = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
DAEMONS = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("type", "spec", "status", "expected"),
    [
        (DEPLOYMENT, {"replicas": 2}, FULL, None),
        (DEPLOYMENT, {"replicas": 2}, {**FULL, "observedGeneration": 1}, "the controller has not seen it yet"),
        (DEPLOYMENT, {"replicas": 2}, {**FULL, "availableReplicas": 1}, "1 of 2 updated replicas are available"),
        (DEPLOYMENT, {"replicas": 2}, {**FULL, "replicas": 3}, "2 of 2 updated replicas are available"),
        (DEPLOYMENT, {"replicas": 0}, {}, None),
        (STATEFUL_SET, {"replicas": 2}, FULL, None),
        (STATEFUL_SET, {"replicas": 2}, {**FULL, "readyReplicas": 1}, "1 of 2 updated replicas are ready"),
        (STATEFUL_SET, {"replicas": 2}, {**FULL, "updatedReplicas": 1}, "1 of 2 updated replicas are ready"),
        (
            STATEFUL_SET,
            {"replicas": 2},
            {**FULL, "currentRevision": "a", "updateRevision": "b"},
            "the last replica is being updated",
        ),
        (STATEFUL_SET, {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, {**FULL, "updatedReplicas": 0}, None),
        (DAEMON_SET, {}, DAEMONS, None),
        (DAEMON_SET, {}, {**DAEMONS, "updatedNumberScheduled": 1}, "1 of 2 nodes run it"),
        (JOB, {}, {}, "it has not completed"),
        (JOB, {}, {"conditions": [{"type": "Complete", "status": "True"}]}, None),
        (CLAIM, {}, {"phase": "Bound"}, None),
        (CLAIM, {}, {"phase": "Pending"}, "it is Pending"),
        (SERVICE, {"clusterIP": "None", "selector": {"a": "b"}}, {}, None),
        (SERVICE, {"selector": {"a": "b"}}, {}, "no ready pod is behind it"),
        (SERVICE, {"type": "LoadBalancer"}, {}, "no address was given to its load balancer"),
    ],
)
def test_ready(type: str, spec: dict[str, Any], status: dict[str, Any], expected: str | None) -> None:
    assert missing(type, spec, status) == expected


def test_a_claim_that_waits_for_its_first_pod_is_not_waited_for() -> None:
    binding = {"volumeBindingMode": "WaitForFirstConsumer"}
    assert missing(CLAIM, {"storageClassName": "local"}, {"phase": "Pending"}, local=binding) is None


def test_a_service_is_ready_with_its_first_ready_pod() -> None:
    ends = {"items": [{"endpoints": [{"conditions": {"ready": False}}, {"conditions": {"ready": True}}]}]}
    assert missing(SERVICE, {"selector": {"a": "b"}}, {}, endpointslices=ends) is None


BEHIND = {"rules": [{"http": {"paths": [{"backend": {"service": {"name": "web-public"}}}]}}]}
NO_ADDRESS = "no controller gave it an address: is there one of its class, and does it show an address?"


@pytest.mark.parametrize(
    ("status", "services", "expected"),
    [
        ({}, {"web-public": {}}, NO_ADDRESS),
        ({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, {"web-public": {}}, None),
        ({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, {}, "there is no Service web-public behind it"),
    ],
)
def test_an_ingress_is_ready_with_its_address(
    status: dict[str, Any], services: dict[str, Any], expected: str | None
) -> None:
    class Services(Cluster):
        def get(self, path: str, **query: str) -> Any:  # noqa: ARG002
            assert path.startswith("/api/v1/namespaces/n/services/")
            if (name := path.rsplit("/", 1)[-1]) in self.answers:
                return self.answers[name]
            raise ApiError(404, "NotFound", name)

    live = {"metadata": {"name": "web", "namespace": "n"}, "spec": BEHIND, "status": status}
    assert READY[INGRESS](cast(Client, Services(**services)), live) == expected


ACCEPTED = {"type": "Accepted", "status": "True"}
REFUSED = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": "another namespace"}
UNSEEN = "no controller has seen it: is there a Gateway of this name, and one of its class?"
DENIED = "its controller does not accept it: NotAllowedByListeners: another namespace"


@pytest.mark.parametrize(
    ("type", "status", "expected"),
    [
        (GATEWAY, {}, UNSEEN),
        (GATEWAY, {"conditions": [ACCEPTED]}, None),
        (GATEWAY, {"conditions": [REFUSED]}, DENIED),
        (ROUTE, {}, UNSEEN),
        (ROUTE, {"conditions": [ACCEPTED]}, UNSEEN),
        (ROUTE, {"parents": [{"conditions": [ACCEPTED]}]}, None),
        (ROUTE, {"parents": [{"conditions": [REFUSED]}, {"conditions": [ACCEPTED]}]}, DENIED),
    ],
)
@pytest.mark.parametrize("waited_for", [True, False])
def test_a_route_is_ready_when_its_gateway_accepts_it(
    type: str, status: dict[str, Any], expected: str | None, waited_for: bool
) -> None:
    annotations = {"pulumi.com/waitFor": "condition=Accepted"} if waited_for else {}
    metadata = {"name": "web", "namespace": "n", "annotations": annotations}
    live = {"kind": type.rpartition(":")[2], "metadata": metadata, "spec": {}, "status": status}
    assert READY[type](cast(Client, Cluster()), live) == (expected if waited_for else None)


SCALED = "kubernetes:keda.sh/v1alpha1:ScaledObject"
IDLE = "KEDA has made no autoscaler of it: does its operator run?"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, IDLE),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, IDLE),
        ({"hpaName": "web"}, None),
        ({"hpaName": "web", "conditions": [{"type": "Ready", "status": "False"}]}, None),
        (
            {"conditions": [{"type": "Ready", "status": "False", "reason": "Failed", "message": "no such query"}]},
            "KEDA does not take it: Failed: no such query",
        ),
    ],
)
@pytest.mark.parametrize("waited_for", [True, False])
def test_a_scaled_object_is_ready_when_keda_scales_by_it(
    status: dict[str, Any], expected: str | None, waited_for: bool
) -> None:
    annotations = {"pulumi.com/waitFor": "jsonpath={.status.hpaName}"} if waited_for else {}
    live = {"metadata": {"name": "web", "annotations": annotations}, "spec": {}, "status": status}
    assert READY[SCALED](cast(Client, Cluster()), live) == (expected if waited_for else None)


def pod(name: str, created: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "creationTimestamp": created, "uid": name}, "status": status}


CRASHED = {
    "name": "c",
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
    "lastState": {"terminated": {"exitCode": 5, "reason": "Error"}},
}
UNPULLED = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
LATE = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}
SPEC = {"replicas": 1, "progressDeadlineSeconds": 20, "selector": {"matchLabels": {"app": "web"}}}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"containerStatuses": [CRASHED]}, r"pod new: container c: CrashLoopBackOff; exit code 5; last output: boom"),
        ({"containerStatuses": [UNPULLED]}, r"pod new: container c: ImagePullBackOff; no such image"),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "full"}]},
            r"pod new: Unschedulable: full",
        ),
    ],
)
def test_a_stuck_deployment_fails_with_its_newest_pods_reason(status: dict[str, Any], said: str) -> None:
    found = {"items": [pod("old", "2026-01-01T00:00:00Z"), pod("new", "2026-01-02T00:00:00Z", **status)]}
    with pytest.raises(Failed, match=said):
        missing(DEPLOYMENT, SPEC, LATE, pods=found, previous_log="boom\n")


RUNS_AGAIN = {
    "name": "c",
    "ready": False,
    "restartCount": 3,
    "state": {"running": {"startedAt": "2026-01-01T00:01:00Z"}},
    "lastState": {"terminated": {"exitCode": 5, "reason": "Error"}},
}
NOT_READY = [{"type": "Ready", "status": "False"}]
BACK_OFF = {"items": [{"reason": "BackOff", "message": "Back-off restarting failed container", "lastTimestamp": "2"}]}


def between_crashes(**changed: Any) -> str:
    status = {"containerStatuses": [RUNS_AGAIN | changed], "conditions": NOT_READY}
    found = {"items": [pod("p", "2026-01-01T00:00:00Z", **status)]}
    with pytest.raises(Failed) as failed:
        missing(
            DEPLOYMENT, SPEC, LATE, pods=found, events=BACK_OFF, previous_log="no database\nboom\n", log="listening"
        )
    return str(failed.value)


def test_a_container_that_runs_between_two_crashes_says_why_it_crashed() -> None:
    said = between_crashes()
    assert "pod p: container c: restart count 3; exit code 5; last output: no database | boom; BackOff: Back" in said
    assert "listening" not in said, "the log of the run that has not crashed yet"


@pytest.mark.parametrize(
    "changed",
    [{"ready": True}, {"lastState": {}}, {"lastState": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
)
def test_a_container_that_did_not_crash_is_not_accused(changed: dict[str, Any]) -> None:
    said = between_crashes(**changed)
    assert "pod p: BackOff: Back" in said
    assert "exit code" not in said


def test_a_failing_probe_is_named_from_the_events() -> None:
    events = {"items": [{"reason": "Unhealthy", "message": "Readiness probe failed: 503", "lastTimestamp": "2"}]}
    found = {"items": [pod("p", "2026-01-01T00:00:00Z")]}
    with pytest.raises(Failed, match=r"pod p: Unhealthy: Readiness probe failed: 503"):
        missing(DEPLOYMENT, SPEC, LATE, pods=found, events=events)


def test_a_refused_pod_is_named_from_the_deployment() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity"}
    with pytest.raises(Failed, match="violates PodSecurity"):
        missing(DEPLOYMENT, SPEC, {"conditions": [*LATE["conditions"], refused]})


def test_a_failed_job_says_why() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    ended = {"name": "c", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}
    found = {"items": [pod("p", "2026-01-01T00:00:00Z", containerStatuses=[ended])]}
    with pytest.raises(Failed, match=r"BackoffLimitExceeded: too often; pod p: container c: Error; exit code 3"):
        missing(JOB, {"selector": {"matchLabels": {"a": "b"}}}, {"conditions": [failed]}, pods=found)


def test_an_answered_object_is_stored_with_its_inputs_and_as_secret_as_they_are() -> None:
    kind = KINDS["kubernetes:core/v1:ConfigMap"]
    inputs = {"metadata": {"name": "a"}, "data": {"x": Secret("1")}}
    live = {"metadata": {"name": "a", "uid": "u", "managedFields": [1]}, "data": {"x": "1"}, "status": {"a": 1}}
    stored = outputs.outputs(kind, inputs, live, "pulumi-kubernetes-1")
    assert stored["__fieldManager"] == "pulumi-kubernetes-1"
    assert stored["__initialApiVersion"] == "v1"
    assert stored["__inputs"] == inputs
    assert stored["metadata"] == {"name": "a", "uid": "u"}
    assert stored["data"]["x"] == Secret("1")
    previewed = outputs.outputs(kind, inputs, live, "m", preview=True)
    assert previewed["metadata"] == {"name": "a"}
    assert "status" not in previewed


def test_a_secret_kinds_data_is_always_secret() -> None:
    kind = KINDS["kubernetes:core/v1:Secret"]
    stored = outputs.outputs(kind, {"data": {"a": "MQ=="}}, {"metadata": {"name": "a"}, "data": {"a": "MQ=="}}, "m")
    assert isinstance(stored["data"], Secret)


def test_values_that_the_api_server_leaves_out_are_no_drift() -> None:
    inputs = {"spec": {"podSelector": {}, "ingress": [], "replicas": 0}}
    assert outputs.observed(inputs, {"spec": {"policyTypes": ["Ingress"]}}) == {
        "spec": {"policyTypes": ["Ingress"], "podSelector": {}, "ingress": [], "replicas": 0}
    }
    assert outputs.observed({"spec": {"replicas": 2}}, {"spec": {}}) == {"spec": {"replicas": None}}


def test_the_log_of_a_container_that_is_gone_is_no_reason() -> None:
    quiet = cast(Client, Cluster())
    assert pods.log_tail(quiet, pod("p", "2026-01-01T00:00:00Z"), "c", previous=True) == ""
