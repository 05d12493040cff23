"""Who may connect to whom on Kubernetes."""

from typing import Any

import pytest

from model import REACHES, Port, PublicPort, Shard, Tier
from tests.platforms.kubernetes.words import Rendered, members, rendered, workload


def of(tier: Tier, **settings: Any) -> Rendered:
    public = (PublicPort(port="http", published=80, audience="clients"),) if tier is Tier.EDGE else ()
    word = workload(tier=tier, public_ports=public)
    return rendered(lambda platform, parent: platform.workload(word, parent=parent), **settings)


def tiers(peer: Any) -> set[str]:
    (expression,) = peer["podSelector"]["matchExpressions"]
    return set(expression["values"])


def test_nothing_connects_by_default() -> None:
    assert of(Tier.APP).spec("NetworkPolicy", "default-deny") == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }


@pytest.mark.parametrize("tier", list(Tier))
def test_the_table_decides_both_directions(tier: Tier) -> None:
    spec = of(tier).spec("NetworkPolicy", "web")
    assert tiers(spec["ingress"][0]["from"][0]) == {source for source in Tier if tier in REACHES[source]}
    assert spec["ingress"][0]["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert tiers(spec["egress"][2]["to"][0]) == set(REACHES[tier])


def ports(rule: Any) -> set[tuple[str, int]]:
    return {(port["protocol"], port["port"]) for port in rule["ports"]}


def test_names_are_resolved_on_the_ports_that_dns_pods_listen_on() -> None:
    anywhere, pods = of(Tier.DATA).spec("NetworkPolicy", "web")["egress"][:2]
    assert "to" not in anywhere
    assert ports(anywhere) == {("UDP", 53), ("TCP", 53)}
    ((peer,), found) = (pods["to"], ports(pods))
    assert peer["namespaceSelector"]["matchExpressions"][0]["values"] == ["kube-system", "openshift-dns"]
    assert found == {(protocol, number) for protocol in ("UDP", "TCP") for number in (5353, 8053)}


def test_only_the_dns_ports_that_are_said_are_open() -> None:
    egress = of(Tier.DATA, dns_ports=[53]).spec("NetworkPolicy", "web")["egress"]
    assert [ports(rule) for rule in egress if "ports" in rule] == [{("UDP", 53), ("TCP", 53)}]


@pytest.mark.parametrize("tier", list(Tier))
def test_only_published_ports_are_open_to_everybody(tier: Tier) -> None:
    rules = of(tier).spec("NetworkPolicy", "web")["ingress"]
    assert [rule for rule in rules if "from" not in rule] == (
        [{"ports": [{"protocol": "TCP", "port": 8080}]}] if tier is Tier.EDGE else []
    )


@pytest.mark.parametrize("tier", list(Tier))
def test_applications_and_monitoring_reach_the_outside_but_not_the_inside_by_address(tier: Tier) -> None:
    outside = of(tier).spec("NetworkPolicy", "web")["egress"][3:]
    if tier not in (Tier.APP, Tier.MONITORING):
        assert outside == []
        return
    ((block,),) = (rule["to"] for rule in outside)
    assert block["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(block["ipBlock"]["except"])


def test_a_private_range_is_reached_when_it_is_named() -> None:
    egress = of(Tier.APP, egress=["10.1.2.0/24"]).spec("NetworkPolicy", "web")["egress"]
    assert egress[3]["to"] == [{"ipBlock": {"cidr": "10.1.2.0/24"}}]


@pytest.mark.parametrize(("claimed", "text"), [(True, "enforced"), (False, "not enforced")])
def test_enforcement_is_only_claimed_where_it_is_said(claimed: bool, text: str) -> None:
    metadata = of(Tier.APP, enforces_network_policy=claimed).resource("Namespace", "namespace").inputs["metadata"]
    assert metadata["annotations"]["ha-platform/network-policy"] == text


def test_private_members_are_reached_by_their_friends_and_themselves_alone_and_reach_nobody_else() -> None:
    word = members(private_to=("clients",))
    spec = rendered(lambda platform, parent: platform.members(word, parent=parent)).spec("NetworkPolicy", "db")
    ((ingress,), (*dns, egress)) = (spec["ingress"], spec["egress"])
    assert all("ports" in rule for rule in dns), "names are resolved as everywhere"
    for (peer,) in (ingress["from"], egress["to"]):
        (expression,) = peer["podSelector"]["matchExpressions"]
        assert (expression["key"], expression["values"]) == ("app.kubernetes.io/name", ["db", "clients"])
        assert peer["namespaceSelector"]["matchExpressions"][0]["values"] == ["ha-platform-test"]


def test_ports_among_members_are_for_them_alone() -> None:
    both = (Port(name="client", number=5672), Port(name="peers", number=25672))
    word = members(ports=both, peer_ports=("peers",))
    spec = rendered(lambda platform, parent: platform.members(word, parent=parent)).spec("NetworkPolicy", "db")
    clients, themselves = spec["ingress"]
    assert (ports(clients), ports(themselves)) == ({("TCP", 5672)}, {("TCP", 25672)})
    (peer,) = themselves["from"]
    (expression,) = peer["podSelector"]["matchExpressions"]
    assert (expression["key"], expression["values"]) == ("app.kubernetes.io/name", ["db"])


def test_ports_among_shards_are_for_all_of_their_store() -> None:
    word = members(ports=(Port(name="peers", number=16379),), peer_ports=("peers",), shard=Shard(of="keys", number=1))
    spec = rendered(lambda platform, parent: platform.members(word, parent=parent)).spec("NetworkPolicy", "db")
    (rule,) = spec["ingress"]
    (peer,) = rule["from"]
    (expression,) = peer["podSelector"]["matchExpressions"]
    assert (expression["key"], expression["values"]) == ("ha-platform/shard-of", ["keys"])


def test_monitoring_reaches_one_port_of_private_members() -> None:
    both = (Port(name="client", number=2379), Port(name="figures", number=2381))
    word = members(private_to=("clients",), ports=both, metrics_port="figures")
    spec = rendered(lambda platform, parent: platform.members(word, parent=parent)).spec("NetworkPolicy", "db")
    friends, monitoring = spec["ingress"]
    assert ports(friends) == {("TCP", 2379), ("TCP", 2381)}
    assert ports(monitoring) == {("TCP", 2381)}
    (peer,) = monitoring["from"]
    assert tiers(peer) == {"monitoring"}
