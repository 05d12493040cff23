"""What leads to the proxies on Kubernetes: Ingress, HTTPRoute, Gateway, and what does not come through them."""

from dataclasses import replace
from typing import Any

import pytest

from model import CloudBalancer, Front, GivenCertificate, Issued, Port, PublicPort, Tier
from platforms.base import Unsupported
from tests.mock_engine import SECRET_MARK
from tests.platforms.kubernetes.words import PORT, Rendered, rendered, workload

PUBLIC = (
    PublicPort(port="http", published=80, audience="clients"),
    PublicPort(port="status", published=8404, audience="operators"),
)
PORTS = (PORT, Port(name="status", number=8404), Port(name="https", number=8443), Port(name="mqtt", number=10_000))
FRONT = Front(port="http", hosts=("a.test", "b.test"), any_host=False, trusted_proxies=("10.0.0.0/8",))
GIVEN = GivenCertificate(certificate="CHAIN", private_key="KEY")
ISSUED = Issued(name="letsencrypt", kind="ClusterIssuer")
TRAEFIK = {"namespace": "traefik", "labels": {"app": "traefik"}}
INGRESS: dict[str, Any] = {"entry": "ingress", "ingress": {"class_name": "traefik", "controllers": [TRAEFIK]}}
EXISTING: dict[str, Any] = {
    "entry": "gateway",
    "gateway": {"name": "shared", "namespace": "infra", "sections": ["web", "tls", "web"], "networks": ["fd00::/8"]},
}
OWN: dict[str, Any] = {"entry": "gateway", "gateway": {"class_name": "envoy", "controllers": [{"namespace": "envoy"}]}}


def of(settings: dict[str, Any], front: Front | None = FRONT, **fields: Any) -> Rendered:
    word = workload(name="edge", tier=Tier.EDGE, front=front, **{"ports": PORTS, "public_ports": PUBLIC, **fields})
    return rendered(lambda platform, parent: platform.workload(word, parent=parent), **settings)


def refused(settings: dict[str, Any], front: Front | None = FRONT, **fields: Any) -> dict[str, str]:
    with pytest.raises(Unsupported) as found:
        of(settings, front, **fields)
    return {one.field: one.reason for one in found.value.refusals}


def test_an_ingress_leads_to_the_port_for_http() -> None:
    out = of(INGRESS)
    assert (out.spec("Service", "edge-public")["type"], out.spec("Service", "edge-public")["ports"]) == (
        "ClusterIP",
        [{"name": "http-80", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    ), "operators' ports are not for the internet"
    spec = out.spec("Ingress", "edge-public")
    assert (spec["ingressClassName"], "tls" in spec) == ("traefik", False)
    paths = [
        {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "edge-public", "port": {"number": 80}}}}
    ]
    assert spec["rules"] == [{"host": host, "http": {"paths": paths}} for host in ("a.test", "b.test")]
    assert "edge-public" in out.resource("Ingress", "edge-public").depends_on


def test_routes_to_any_host_are_a_rule_without_one() -> None:
    rules = of(INGRESS, replace(FRONT, any_host=True)).spec("Ingress", "edge-public")["rules"]
    assert [rule.get("host") for rule in rules] == ["a.test", "b.test", None]
    route = of(EXISTING, replace(FRONT, any_host=True)).spec("HTTPRoute", "edge-public")
    assert "hostnames" not in route, "names beside it would shut the others out"


def test_annotations_are_the_users_and_the_issuers() -> None:
    told = replace(FRONT, annotations={"example.com/body": "8m"}, tls=ISSUED)
    found = of(INGRESS, told).resource("Ingress", "edge-public").inputs["metadata"]["annotations"]
    assert found == {"example.com/body": "8m", "cert-manager.io/cluster-issuer": "letsencrypt"}
    own = replace(FRONT, tls=Issued(name="ours", kind="Issuer"))
    found = of(INGRESS, own).resource("Ingress", "edge-public").inputs["metadata"]["annotations"]
    assert found == {"cert-manager.io/issuer": "ours"}
    assert "annotations" not in of(INGRESS).resource("Ingress", "edge-public").inputs["metadata"]


def test_a_controller_that_shows_no_address_is_not_waited_for() -> None:
    settings = {**INGRESS, "ingress": {**INGRESS["ingress"], "wait": False}}
    found = of(settings).resource("Ingress", "edge-public").inputs["metadata"]["annotations"]
    assert found == {"pulumi.com/skipAwait": "true"}


def test_a_given_certificate_is_a_secret_of_its_kind() -> None:
    out = of(INGRESS, replace(FRONT, tls=GIVEN))
    secret = out.resource("Secret", "edge-public-tls").inputs
    assert (secret["type"], secret["immutable"]) == ("kubernetes.io/tls", True)
    assert secret["stringData"] == {SECRET_MARK: {"tls.crt": "CHAIN", "tls.key": "KEY"}}
    assert "name" not in secret["metadata"], "a new certificate is a new object, and the old one stays until then"
    (tls,) = out.spec("Ingress", "edge-public")["tls"]
    assert tls["hosts"] == ["a.test", "b.test"]
    assert tls["secretName"].startswith("edge-public-tls-")
    everybody = of(INGRESS, replace(FRONT, tls=GIVEN, any_host=True)).spec("Ingress", "edge-public")
    assert "hosts" not in everybody["tls"][0]


def test_who_asks_for_an_authority_comes_through() -> None:
    """cert-manager's solvers run in the stack's namespace, which denies what nobody allows."""
    out = of(INGRESS, replace(FRONT, tls=ISSUED))
    assert out.spec("Ingress", "edge-public")["tls"] == [
        {"hosts": ["a.test", "b.test"], "secretName": "edge-public-tls"}
    ]
    policy = out.spec("NetworkPolicy", "edge-public-acme")
    assert policy["podSelector"] == {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
    assert policy["ingress"] == [{"from": [TRAEFIK_PEER], "ports": [{"port": 8089, "protocol": "TCP"}]}]
    assert of(INGRESS, replace(FRONT, tls=GIVEN)).names("NetworkPolicy") == {"default-deny", "edge"}


def _in(namespace: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}]}


TRAEFIK_PEER = {"namespaceSelector": _in("traefik"), "podSelector": {"matchLabels": {"app": "traefik"}}}


def test_controllers_alone_connect_to_the_proxies() -> None:
    rules = of(INGRESS).spec("NetworkPolicy", "edge")["ingress"]
    assert all("from" in rule for rule in rules), "nothing is open to everybody"
    assert rules[-1] == {"from": [TRAEFIK_PEER], "ports": [{"port": 8080, "protocol": "TCP"}]}
    assert of(EXISTING).spec("NetworkPolicy", "edge")["ingress"][-1]["from"] == [{"ipBlock": {"cidr": "fd00::/8"}}]
    assert of(OWN).spec("NetworkPolicy", "edge")["ingress"][-1]["from"] == [{"namespaceSelector": _in("envoy")}]


def test_a_route_attaches_to_an_existing_gateway() -> None:
    out = of(EXISTING)
    route = out.resource("HTTPRoute", "edge-public")
    assert route.type == "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
    assert route.inputs["spec"] == {
        "parentRefs": [{"name": "shared", "namespace": "infra", "sectionName": name} for name in ("web", "tls")],
        "hostnames": ["a.test", "b.test"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "edge-public", "port": 80}],
                "timeouts": {"request": "0s"},
            }
        ],
    }
    assert out.names("Gateway") == set()
    assert out.spec("Service", "edge-public")["type"] == "ClusterIP"
    assert '[?(@.type=="Accepted")].status}=True' in route.inputs["metadata"]["annotations"]["pulumi.com/waitFor"]


def test_a_gateway_of_another_kind() -> None:
    plain = {"name": "shared", "controllers": [TRAEFIK], "wait": False, "timeouts": False}
    route = of({"entry": "gateway", "gateway": plain}).resource("HTTPRoute", "edge-public").inputs
    assert route["spec"]["parentRefs"] == [{"name": "shared"}]
    assert "timeouts" not in route["spec"]["rules"][0]
    assert "annotations" not in route["metadata"]


def test_a_balancer_makes_its_own_gateway() -> None:
    out = of(OWN, replace(FRONT, tls=GIVEN, annotations={"example.com/a": "b"}))
    made = out.resource("Gateway", "edge-public")
    assert made.inputs["spec"]["gatewayClassName"] == "envoy"
    http, https = made.inputs["spec"]["listeners"]
    assert http == {"name": "http", "port": 80, "protocol": "HTTP"}
    assert (https["port"], https["protocol"], https["tls"]["mode"], "hostname" in https) == (
        443, "HTTPS", "Terminate", False,
    )  # fmt: skip
    assert https["tls"]["certificateRefs"][0]["name"].startswith("edge-public-tls-")
    assert made.inputs["metadata"]["annotations"] == {"example.com/a": "b", "pulumi.com/waitFor": "condition=Accepted"}
    assert out.spec("HTTPRoute", "edge-public")["parentRefs"] == [{"name": "edge-public"}]
    assert out.resource("HTTPRoute", "edge-public").inputs["metadata"]["annotations"]["example.com/a"] == "b"


def test_an_issuer_learns_the_hosts_from_the_listeners() -> None:
    made = of(OWN, replace(FRONT, tls=ISSUED)).resource("Gateway", "edge-public")
    assert made.inputs["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert [(one["name"], one.get("hostname")) for one in made.inputs["spec"]["listeners"]] == [
        ("http", None), ("https-a.test", "a.test"), ("https-b.test", "b.test"),
    ]  # fmt: skip
    assert len(of(OWN).spec("Gateway", "edge-public")["listeners"]) == 1


@pytest.mark.parametrize("settings", [INGRESS, EXISTING], ids=["ingress", "gateway"])
@pytest.mark.parametrize("port", ["https", "mqtt"])
def test_other_connections_do_not_come_through(settings: dict[str, Any], port: str) -> None:
    more = PublicPort(port=port, published=1883, audience="clients")
    found = refused(settings, public_ports=(*PUBLIC, more))
    assert set(found) == {f"public_ports.{port}"}
    assert "passes on HTTP alone" in found[f"public_ports.{port}"]


def test_without_a_port_for_http_nothing_comes_through() -> None:
    https = (PublicPort(port="https", published=443, audience="clients"),)
    assert set(refused(INGRESS, replace(FRONT, port=None), public_ports=https)) == {"public_ports.https"}
    assert set(refused(INGRESS, replace(FRONT, port="status"))) == {"public_ports.http", "front.port"}


def test_a_word_of_which_nobody_knows_the_hosts_is_refused() -> None:
    assert set(refused(INGRESS, None)) == {"public_ports.http"}


@pytest.mark.parametrize(
    ("settings", "front", "field", "words"),
    [
        (INGRESS, replace(FRONT, trusted_proxies=()), "front.trusted_proxies", "name their address range"),
        (EXISTING, replace(FRONT, trusted_proxies=()), "front.trusted_proxies", "name their address range"),
        (INGRESS, replace(FRONT, any_host=True, tls=ISSUED), "front.tls", "an issuer has to know every host"),
        (EXISTING, replace(FRONT, tls=GIVEN), "front.tls", "the Gateway shared has its own certificates"),
        (EXISTING, replace(FRONT, tls=ISSUED), "front.tls", "the Gateway shared has its own certificates"),
        (
            OWN,
            replace(FRONT, hosts=tuple(f"h{number}.test" for number in range(17))),
            "front.hosts",
            "an HTTPRoute has at most 16 hosts",
        ),
        ({}, replace(FRONT, tls=GIVEN), "front.tls", "nothing is in front"),
        ({"entry": "cluster-ip"}, replace(FRONT, annotations={"a/b": "c"}), "front.annotations", "nothing is in front"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], front: Front, field: str, words: str) -> None:
    found = refused(settings, front)
    assert set(found) == {field}
    assert words in found[field]


def test_a_cloud_is_told_nothing() -> None:
    assert set(refused(INGRESS, cloud_balancer=CloudBalancer(annotations={"a.b/c": "d"}))) == {
        "cloud_balancer.annotations"
    }


@pytest.mark.parametrize(("any_host", "got"), [(False, {"a.test", "b.test"}), (True, {"a.test", "b.test", "any"})])
def test_a_host_belongs_to_one_balancer(any_host: bool, got: set[str]) -> None:
    front = replace(FRONT, any_host=any_host)
    edge = workload(name="edge", tier=Tier.EDGE, front=front, ports=PORTS, public_ports=PUBLIC)
    others = (PublicPort(port="http", published=81, audience="clients"),)
    with pytest.raises(Unsupported) as found:
        rendered(
            lambda platform, parent: (
                platform.workload(edge, parent=parent),
                platform.workload(replace(edge, name="other", public_ports=others), parent=parent),
            ),
            **INGRESS,
        )
    assert {(one.field, one.got) for one in found.value.refusals} == {("front.hosts", host) for host in got}


@pytest.mark.parametrize("settings", [{}, {"entry": "node-port"}, {"entry": "cluster-ip"}])
def test_other_entries_have_nothing_in_front(settings: dict[str, Any]) -> None:
    front = replace(FRONT, trusted_proxies=())
    ports = (PublicPort(port="http", published=80, audience="clients"),)
    out = of(settings, front, public_ports=ports)
    assert out.names("Ingress") == out.names("HTTPRoute") == out.names("Gateway") == set()
