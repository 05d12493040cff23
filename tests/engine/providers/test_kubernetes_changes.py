"""What changes of a Kubernetes object, and which changes replace it."""

from __future__ import annotations

import pytest

from sandbox.engine.providers.kubernetes import KubernetesProvider
from sandbox.engine.values import Properties, Secret, format_path

provider = KubernetesProvider({}, print)
NAMED = {"name": "x", "namespace": "n"}


def changed(type: str, old: Properties, new: Properties) -> tuple[dict[str, bool], bool]:
    before = provider.check("urn", "web", type, {}, old)
    after = provider.check("urn", "web", type, before, new)
    found = provider.diff(type, before, {}, after)
    return {format_path(path): change.replace for path, change in found.changes.items()}, found.delete_before_replace


CASES: list[tuple[str, Properties, Properties, dict[str, bool]]] = [
    ("apps/v1:Deployment", {"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}, {"spec.replicas": False}),
    (
        "apps/v1:Deployment",
        {"spec": {"selector": {"matchLabels": {"app": "a"}}}},
        {"spec": {"selector": {"matchLabels": {"app": "b"}}}},
        {"spec.selector.matchLabels.app": True},
    ),
    ("apps/v1:Deployment", {"spec": {"selector": {"a": "b"}}}, {}, {"spec": True}),
    (
        "apps/v1:StatefulSet",
        {"spec": {"serviceName": "a", "replicas": 1}},
        {"spec": {"serviceName": "b", "replicas": 2}},
        {"spec.serviceName": True, "spec.replicas": False},
    ),
    (
        "batch/v1:Job",
        {"spec": {"template": {"spec": {"nodeName": "a"}}, "backoffLimit": 1}},
        {"spec": {"template": {"spec": {"nodeName": "b"}}, "backoffLimit": 2}},
        {"spec.template.spec.nodeName": True, "spec.backoffLimit": False},
    ),
    ("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, {"data.a": True}),
    ("core/v1:Secret", {"data": {"a": "MQ=="}}, {"stringData": {"a": "2"}}, {"data.a": True}),
    ("core/v1:Secret", {"data": {"a": "MQ=="}}, {"stringData": {"a": "1"}}, {}),
    (
        "core/v1:PersistentVolumeClaim",
        {"spec": {"storageClassName": "a", "resources": {"requests": {"storage": "1Gi"}}}},
        {"spec": {"storageClassName": "b", "resources": {"requests": {"storage": "2048Mi"}}}},
        {"spec.storageClassName": True, "spec.resources.requests.storage": False},
    ),
    ("core/v1:Service", {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.1"}}, {"spec.clusterIP": True}),
    (
        "rbac.authorization.k8s.io/v1:RoleBinding",
        {"roleRef": {"name": "a"}, "subjects": []},
        {"roleRef": {"name": "b"}, "subjects": [{"name": "s"}]},
        {"roleRef.name": True, "subjects": False},
    ),
    (
        "policy/v1:PodDisruptionBudget",
        {"spec": {"maxUnavailable": 1}},
        {"spec": {"maxUnavailable": "50%"}},
        {"spec.maxUnavailable": False},
    ),
    (
        "apps/v1:Deployment",
        {"spec": {"template": {"spec": {"containers": [{"resources": {"limits": {"memory": "1024Mi"}}}]}}}},
        {"spec": {"template": {"spec": {"containers": [{"resources": {"limits": {"memory": "1Gi"}}}]}}}},
        {},
    ),
]


@pytest.mark.parametrize(("type", "old", "new", "expected"), CASES)
def test_changes(type: str, old: Properties, new: Properties, expected: dict[str, bool]) -> None:
    found, delete_first = changed(f"kubernetes:{type}", {**old, "metadata": NAMED}, {**new, "metadata": NAMED})
    assert found == expected
    assert delete_first is True


def test_an_automatic_name_is_made_before_the_old_one_goes() -> None:
    found, delete_first = changed("kubernetes:core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}})
    assert found == {"data.a": True}
    assert delete_first is False


def test_the_default_namespace_may_be_left_out() -> None:
    type = "kubernetes:core/v1:ServiceAccount"
    with_it = {"metadata": {"name": "a", "namespace": "default"}}
    assert changed(type, with_it, {"metadata": {"name": "a"}})[0] == {}
    found, delete_first = changed(type, with_it, {"metadata": {"name": "a", "namespace": "b"}})
    assert found == {"metadata.namespace": True}
    assert delete_first is False


def test_a_changed_secret_is_not_shown() -> None:
    type = "kubernetes:core/v1:Secret"
    before = provider.check("urn", "web", type, {}, {"metadata": NAMED, "stringData": {"a": "first"}})
    after = provider.check("urn", "web", type, before, {"metadata": NAMED, "stringData": {"a": "second"}})
    (change,) = provider.diff(type, before, {}, after).changes.values()
    assert isinstance(change.old, Secret)
    assert isinstance(change.new, Secret)


@pytest.mark.parametrize(
    ("type", "asked", "status", "again"),
    [
        pytest.param("batch/v1:Job", "true", "True", True, id="failed"),
        pytest.param("batch/v1:Job", "true", "False", False, id="not failed"),
        pytest.param("batch/v1:Job", "false", "True", False, id="not asked for"),
        pytest.param("apps/v1:Deployment", "true", "True", False, id="not a job"),
    ],
)
def test_a_failed_job_is_made_again_where_that_is_asked_for(type: str, asked: str, status: str, again: bool) -> None:
    key = "pulumi.com/replaceUnready"
    kind = f"kubernetes:{type}"
    inputs = provider.check("urn", "web", kind, {}, {"metadata": {"annotations": {key: asked}}, "spec": {}})
    outputs: Properties = {**inputs, "status": {"conditions": [{"type": "Failed", "status": status}]}}
    found = provider.diff(kind, inputs, outputs, inputs)
    assert {path: change.replace for path, change in found.changes.items()} == (
        {("metadata", "annotations", key): True} if again else {}
    )
    assert not found.delete_before_replace, "its name is its own"
