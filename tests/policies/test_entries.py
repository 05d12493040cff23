"""What Ingresses and Gateways lead to, as rules see it."""

from typing import Any

import pytest

from tests.policies.judged import faults
from tests.policies.resources import BALANCER, DEPLOYMENT, balancer, deployment

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
WHO = {"name": "web", "namespace": balancer("http")["metadata"].get("namespace", "")}


def ingress(port: dict[str, Any], service: str = "web-public", **spec: Any) -> tuple[str, dict[str, Any]]:
    backend = {"service": {"name": service, "port": port}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return INGRESS, {"metadata": WHO, "spec": {"rules": rules, **spec}}


def route(port: int, service: str = "web-public", **backend: Any) -> tuple[str, dict[str, Any]]:
    rules = [{"backendRefs": [{"name": service, "port": port, **backend}]}]
    return ROUTE, {"metadata": WHO, "spec": {"parentRefs": [{"name": "shared"}], "rules": rules}}


@pytest.mark.parametrize(
    ("entry", "seen"),
    [
        (ingress({"number": 443}), True),
        (ingress({"name": "https"}), True),
        (ingress({"number": 80}), False),
        (ingress({"number": 443}, "other"), False),
        ((INGRESS, {"metadata": WHO, "spec": {"defaultBackend": {"service": {"name": "web-public"}}}}), True),
        (route(443), True),
        (route(443, namespace="elsewhere"), False),
        (route(443, kind="ImportedService"), False),
        (route(80), False),
    ],
)
def test_an_entry_leads_to_no_port_for_operators(entry: tuple[str, dict[str, Any]], seen: bool) -> None:
    service = balancer("http", type="ClusterIP")
    service["spec"]["ports"][0] |= {"port": 443, "name": "https"}
    pods = deployment(ports=[{"name": "http", "containerPort": 9093.0}])
    found = faults("operators-ports-are-not-public", (BALANCER, service), (DEPLOYMENT, pods), entry)
    assert found == (["web-public: port 443 leads to Alertmanager (9093)."] if seen else [])


@pytest.mark.parametrize(("entry", "open_to_all"), [(route(443), []), (route(443, "other"), ["web"])])
def test_open_ports_are_those_of_a_route(entry: tuple[str, dict[str, Any]], open_to_all: list[str]) -> None:
    pods = deployment()
    labels = pods["spec"]["template"]["metadata"]["labels"]
    spec = {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]}
    metadata = {**WHO, "namespace": pods["metadata"].get("namespace", "")}
    service = balancer("http", type="ClusterIP", selector=labels)
    policy = {"metadata": metadata, "spec": spec}
    found = faults("open-ports-are-entries", (BALANCER, service), (DEPLOYMENT, pods), (POLICY, policy), entry)
    assert [one.partition(":")[0] for one in found] == open_to_all


HTTP = {"name": "http", "port": 80, "protocol": "HTTP"}
HTTPS = {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "web-tls"}]}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ingress({"number": 80}), ["web: an Ingress without `tls`."]),
        (ingress({"number": 80}, tls=[{"secretName": "web-tls"}]), []),
        ((GATEWAY, {"metadata": WHO, "spec": {"listeners": [HTTP]}}), ["web: a Gateway without a listener for HTTPS."]),
        ((GATEWAY, {"metadata": WHO, "spec": {"listeners": [HTTP, HTTPS]}}), []),
        (route(80), []),
    ],
)
def test_an_entry_speaks_tls(entry: tuple[str, dict[str, Any]], expected: list[str]) -> None:
    """Of a Gateway that the stack does not make nothing is known."""
    assert faults("public-entry-has-tls", entry) == expected
