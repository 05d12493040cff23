"""Workloads on Kubernetes."""

from typing import Any

import pytest

from model import CloudBalancer, Port, PublicPort, Rollout
from platforms.base import Unsupported
from tests.platforms.kubernetes.words import SCALING, Rendered, rendered, workload

PUBLIC = (PublicPort(port="http", published=80, audience="clients"),)
STATUS = PublicPort(port="metrics", published=2404, audience="operators")


def of(*, settings: dict[str, Any] | None = None, **fields: Any) -> Rendered:
    return rendered(lambda platform, parent: platform.workload(workload(**fields), parent=parent), **settings or {})


def test_a_new_replica_is_ready_before_an_old_one_stops() -> None:
    spec = of(rollout=Rollout(parallelism=2, stable_seconds=7, deadline_seconds=99)).spec("Deployment", "web")
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 2, "maxUnavailable": 0}
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"], spec["replicas"]) == (7, 99, 3)


def test_stop_first_waits_until_the_old_replica_is_gone() -> None:
    spec = of(replicas=1, rollout=Rollout(order="stop-first", deadline_seconds=99)).spec("Deployment", "web")
    assert spec["strategy"] == {"type": "Recreate"}
    grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    assert spec["progressDeadlineSeconds"] == 99 + grace, "a long drain is not a bad version"


@pytest.mark.parametrize(
    ("fields", "budget"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"replicas": 1, "scaling": SCALING}, True),
        ({"replicas": 3, "scaling": SCALING.__class__(**{**vars(SCALING), "min_replicas": 1})}, False),
    ],
)
def test_a_budget_only_where_one_replica_can_be_missed(fields: dict[str, Any], budget: bool) -> None:
    assert (("PodDisruptionBudget", "web") in of(**fields)) is budget


def test_the_autoscaler_has_the_whole_behaviour_and_owns_the_count() -> None:
    out = of(scaling=SCALING)
    spec = out.spec("HorizontalPodAutoscaler", "web")
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    assert [metric["resource"]["target"]["averageUtilization"] for metric in spec["metrics"]] == [70, 80]
    assert spec["behavior"]["scaleUp"] == {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 15},
            {"type": "Pods", "value": 4, "periodSeconds": 15},
        ],
    }
    assert spec["behavior"]["scaleDown"]["selectPolicy"] == "Min"
    assert out.resource("Deployment", "web").ignore_changes == ("spec.replicas",)
    assert of().resource("Deployment", "web").ignore_changes == ()


def test_two_services_with_stable_names_and_none_for_a_worker() -> None:
    out = of()
    assert out.spec("Service", "web").get("clusterIP") is None
    assert out.spec("Service", "web-replicas")["clusterIP"] == "None"
    assert of(ports=()).names("Service") == set()


@pytest.mark.parametrize(
    ("settings", "type_", "node_port", "policy"),
    [
        ({}, "LoadBalancer", None, "Local"),
        ({"entry": "node-port"}, "NodePort", 30080, "Cluster"),
        ({"entry": "node-port", "node_port_offset": 31000}, "NodePort", 31080, "Cluster"),
        ({"entry": "cluster-ip"}, "ClusterIP", None, None),
    ],
)
def test_the_entry_is_of_the_settings_kind(
    settings: dict[str, Any], type_: str, node_port: int | None, policy: str | None
) -> None:
    spec = of(settings=settings, public_ports=PUBLIC).spec("Service", "web-public")
    port = spec["ports"][0]
    assert (spec["type"], port["port"], port["targetPort"]) == (type_, 80, "http")
    assert (port.get("nodePort"), spec.get("externalTrafficPolicy")) == (node_port, policy)


TOLD = CloudBalancer(annotations={"cloud.example.com/address": "192.0.2.7"}, sources=("192.0.2.0/24",))


def test_a_cloud_is_told_how_its_balancer_is_made() -> None:
    out = of(public_ports=PUBLIC, cloud_balancer=TOLD)
    public = out.resource("Service", "web-public").inputs
    assert public["metadata"]["annotations"] == TOLD.annotations
    assert public["spec"]["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    assert not TOLD.annotations.keys() & out.resource("Service", "web").inputs["metadata"]["annotations"].keys()
    plain = of(public_ports=PUBLIC).resource("Service", "web-public").inputs
    assert ("annotations" in plain["metadata"], "loadBalancerSourceRanges" in plain["spec"]) == (False, False)


@pytest.mark.parametrize(
    ("entry", "public"),
    [("node-port", PUBLIC), ("cluster-ip", PUBLIC), ("load-balancer", ()), ("load-balancer", (STATUS,))],
)
def test_without_a_cloud_s_balancer_there_is_nobody_to_be_told(entry: str, public: tuple[PublicPort, ...]) -> None:
    with pytest.raises(Unsupported, match="there is no cloud's balancer") as refused:
        of(
            settings={"entry": entry},
            ports=(Port(name="http", number=8080), Port(name="metrics", number=9100)),
            public_ports=public,
            cloud_balancer=TOLD,
        )
    fields = [one.field for one in refused.value.refusals]
    assert fields == ["cloud_balancer.annotations", "cloud_balancer.sources"]


@pytest.mark.parametrize(
    ("entry", "offered"), [("load-balancer", {80}), ("node-port", {80, 2404}), ("cluster-ip", {80, 2404})]
)
def test_a_balancer_in_the_internet_has_no_port_for_operators(entry: str, offered: set[int]) -> None:
    ports = (Port(name="http", number=8080), Port(name="metrics", number=9100))
    out = of(settings={"entry": entry}, ports=ports, public_ports=(*PUBLIC, STATUS))
    assert {port["port"] for port in out.spec("Service", "web-public")["ports"]} == offered
    assert {port["port"] for port in out.spec("Service", "web")["ports"]} == {8080, 9100}, "for kubectl port-forward"
    (open_to_all,) = (rule for rule in out.spec("NetworkPolicy", "web")["ingress"] if "from" not in rule)
    assert len(open_to_all["ports"]) == len(offered), "a policy allows what the Service offers, and no more"


@pytest.mark.parametrize(
    ("spread", "nodes", "rule"),
    [
        ("prefer", None, "preferred"),
        ("prefer", 2, "preferred"),
        ("require", None, "required"),
        ("require", 3, "required"),
    ],
)
def test_replicas_keep_apart_as_hard_as_the_word_says(spread: str, nodes: int | None, rule: str) -> None:
    pod = of(spread=spread, settings={"nodes": nodes}).pod("Deployment", "web")
    (key,) = pod["affinity"]["podAntiAffinity"]
    assert key == f"{rule}DuringSchedulingIgnoredDuringExecution"
    assert [constraint["whenUnsatisfiable"] for constraint in pod["topologySpreadConstraints"]] == ["ScheduleAnyway"]


def test_a_required_spread_lets_the_new_revision_start_beside_the_old() -> None:
    affinity = of(spread="require").pod("Deployment", "web")["affinity"]["podAntiAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["matchLabelKeys"] == ["pod-template-hash"]


def test_spot_nodes_are_preferred_and_tolerated() -> None:
    pod = of(prefer_spot=True).pod("Deployment", "web")
    terms = pod["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert {term["preference"]["matchExpressions"][0]["key"] for term in terms} == {
        "cloud.google.com/gke-spot",
        "cloud.google.com/gke-preemptible",
        "eks.amazonaws.com/capacityType",
        "karpenter.sh/capacity-type",
        "kubernetes.azure.com/scalesetpriority",
    }
    assert {toleration["effect"] for toleration in pod["tolerations"]} == {"NoSchedule"}
    assert {(toleration["key"], toleration["value"]) for toleration in pod["tolerations"]} == {
        ("cloud.google.com/gke-spot", "true"),
        ("cloud.google.com/gke-preemptible", "true"),
        ("kubernetes.azure.com/scalesetpriority", "spot"),
    }
    assert "nodeAffinity" not in of().pod("Deployment", "web")["affinity"]


def test_selector_and_pod_labels_agree_with_every_object_that_selects_them() -> None:
    out = of(public_ports=PUBLIC)
    labels = out.spec("Deployment", "web")["template"]["metadata"]["labels"]
    selectors = [
        out.spec("Deployment", "web")["selector"]["matchLabels"],
        out.spec("PodDisruptionBudget", "web")["selector"]["matchLabels"],
        out.spec("NetworkPolicy", "web")["podSelector"]["matchLabels"],
        *(out.spec("Service", name)["selector"] for name in ("web", "web-replicas", "web-public")),
    ]
    assert all(selector and selector.items() <= labels.items() for selector in selectors)


def test_the_pod_has_no_token_and_its_own_account() -> None:
    out = of()
    pod = out.pod("Deployment", "web")
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert out.resource("ServiceAccount", "web").inputs["metadata"]["name"] == pod["serviceAccountName"]
