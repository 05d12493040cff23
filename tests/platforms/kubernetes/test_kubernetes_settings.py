"""Names, quantities and settings for Kubernetes."""

import pytest
from pydantic import ValidationError

from platforms.kubernetes.names import Names, default_namespace
from platforms.kubernetes.resources import cpu, memory
from platforms.kubernetes.settings import KubernetesSettings


def test_hosts_are_fully_qualified() -> None:
    names = Names(namespace="ns", cluster_domain="cluster.local")
    assert names.host("web") == "web.ns.svc.cluster.local"
    assert names.replicas_host("web") == "web-replicas.ns.svc.cluster.local"
    assert names.member_host("db", 2) == "db-2.ns.svc.cluster.local"


@pytest.mark.parametrize(
    ("stack", "namespace"),
    [("dev", "ha-platform-dev"), ("Prod_EU.1", "ha-platform-prod-eu-1"), ("x" * 80, f"ha-platform-{'x' * 43}")],
)
def test_any_stack_name_gives_a_namespace(stack: str, namespace: str) -> None:
    assert default_namespace(stack) == namespace
    assert len(f"{namespace}-agents") <= 63


@pytest.mark.parametrize(("millis", "text"), [(10, "10m"), (1000, "1"), (1500, "1500m"), (4000, "4")])
def test_cpu(millis: int, text: str) -> None:
    assert cpu(millis) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2**30, "1Gi"),
        (3 * 2**29, "1536Mi"),
        (512_000_000, "500000Ki"),
        (500_000_001, "500000001"),
        (10**9, "976562500"),
    ],
)
def test_memory(size: int, text: str) -> None:
    if text == "976562500":
        text = "1G"
    assert memory(size) == text


@pytest.mark.parametrize(
    "broken",
    [
        {"namespace": "Upper"},
        {"namespace": "x" * 56},
        {"entry": "ingress"},
        {"nodes": 0},
        {"node_port_offset": 32767},
        {"topology_keys": ["not a label"]},
        {"cluster_domain": "-"},
        {"egress": ["10.0.0.0/33"]},
        {"deregistration_delay": "301s"},
        {"storageClass": "fast"},
    ],
)
def test_broken_settings_are_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KubernetesSettings.model_validate({"kind": "kubernetes", **broken})
