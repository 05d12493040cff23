"""Inputs of Kubernetes objects as pulumi-kubernetes 4.34 records them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.providers.base import ProviderError, ProviderUnreachable
from sandbox.engine.providers.kubernetes import KubernetesProvider
from sandbox.engine.providers.kubernetes.config import read_config
from sandbox.engine.providers.kubernetes.quantities import canonical
from sandbox.engine.values import UNKNOWN, Properties, Secret, plain

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"

provider = KubernetesProvider({"namespace": "shop"}, print)


def check(type: str, new: Properties, old: Properties | None = None) -> Properties:
    return provider.check("urn", "web", type, old or {}, new)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("64Mi", "64Mi"),
        ("1024Mi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("1536Mi", "1536Mi"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("250m", "250m"),
        ("2", "2"),
        ("1500", "1500"),
        ("100000", "100k"),
        ("0", "0"),
        ("0.1Mi", "104857600m"),
        ("1e3", "1e3"),
        ("plenty", "plenty"),
    ],
)
def test_quantities_are_canonical(given: str, stored: str) -> None:
    assert canonical(given) == stored


def test_quantities_are_canonical_where_they_stand_and_nowhere_else() -> None:
    container = {"resources": {"requests": {"cpu": "0.1"}, "limits": {"memory": "1024Mi"}}, "args": ["1024Mi"]}
    volume = {"emptyDir": {"sizeLimit": "2048Mi"}}
    given = {"spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}}}
    pod = check(DEPLOYMENT, given)["spec"]["template"]["spec"]
    assert pod["containers"][0] == {
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}},
        "args": ["1024Mi"],
    }
    assert pod["volumes"][0]["emptyDir"]["sizeLimit"] == "2Gi"


def test_an_automatic_name_is_marked_and_kept() -> None:
    first = check(CONFIG_MAP, {"data": {"a": "1"}})
    name = first["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == len("web-") + 8
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert check(CONFIG_MAP, {"data": {"a": "2"}}, first)["metadata"] == first["metadata"]
    assert check(CONFIG_MAP, {"metadata": {"name": "mine"}}, first)["metadata"]["name"] == "mine"


def test_the_providers_namespace_fills_in() -> None:
    assert check(CONFIG_MAP, {})["metadata"]["namespace"] == "shop"
    assert check(CONFIG_MAP, {"metadata": {"namespace": "other"}})["metadata"]["namespace"] == "other"
    assert "namespace" not in check("kubernetes:core/v1:Namespace", {})["metadata"]


def test_string_data_becomes_data_and_stays_secret() -> None:
    data = base64.b64encode(b"hush").decode()
    inputs = check(SECRET, {"stringData": {"pw": Secret("hush"), "later": UNKNOWN}, "data": {"old": "eA=="}})
    assert "stringData" not in inputs
    assert isinstance(inputs["data"], Secret)
    assert inputs["data"].value["pw"] == data
    assert inputs["data"].value["old"] == "eA=="
    assert inputs["data"].value["later"] is UNKNOWN
    assert "hush" not in repr(inputs)


def test_what_the_api_server_fills_in_is_no_input() -> None:
    given = {"metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "labels": {"x": "y"}}}
    assert check(CONFIG_MAP, given)["metadata"] == {"name": "a", "labels": {"x": "y"}, "namespace": "shop"}


def test_generated_names_are_refused() -> None:
    with pytest.raises(ProviderError, match=r"web: metadata.generateName does not work"):
        check(CONFIG_MAP, {"metadata": {"generateName": "x-"}})


def test_another_kind_in_the_inputs_is_refused() -> None:
    with pytest.raises(ProviderError, match=r"kind must be ConfigMap, got Secret"):
        check(CONFIG_MAP, {"kind": "Secret"})


def test_the_types_are_those_of_the_sdk() -> None:
    import pulumi_kubernetes as k8s

    modules: list[Any] = [
        k8s.apps.v1.Deployment,
        k8s.rbac.v1.RoleBinding,
        k8s.networking.v1.NetworkPolicy,
        k8s.autoscaling.v2.HorizontalPodAutoscaler,
        k8s.policy.v1.PodDisruptionBudget,
        k8s.core.v1.PersistentVolumeClaim,
        k8s.batch.v1.CronJob,
    ]
    assert {module.pulumi_type for module in modules} <= KubernetesProvider.types
    assert "kubernetes:helm.sh/v3:Release" not in KubernetesProvider.types


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"renderYamlToDirectory": "out"}, "does not know the argument renderYamlToDirectory"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply must be true"),
        ({"kubeconfig": UNKNOWN}, "kubeconfig must be known before the update"),
    ],
)
def test_provider_arguments_that_would_be_dropped_are_refused(config: Properties, said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        KubernetesProvider(config, print)


@pytest.mark.parametrize(("given", "adopts"), [({}, False), ({"upsertExistingObjects": "true"}, True)])
def test_only_a_provider_that_is_told_so_takes_over_what_is_there(given: Properties, adopts: bool) -> None:
    assert read_config(given).adopts is adopts


KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


def test_an_unreachable_cluster_is_named() -> None:
    unreachable = KubernetesProvider({"kubeconfig": KUBECONFIG}, print)
    with pytest.raises(ProviderUnreachable, match=r"127.0.0.1:1 of the stack's kubeconfig .* \(connection refused\)"):
        unreachable.reachable()


def test_a_wrong_kubeconfig_is_named(tmp_path: Path) -> None:
    for config, said in (
        ({"kubeconfig": str(tmp_path / "none")}, "no file"),
        ({"kubeconfig": KUBECONFIG, "context": "other"}, "other"),
        ({"kubeconfig": "{"}, "no cluster can be read from the stack's kubeconfig"),
    ):
        with pytest.raises(ProviderUnreachable, match=said):
            KubernetesProvider(plain(config), print).reachable()
