"""Figures beyond CPU and memory on Kubernetes: KEDA's ScaledObject, and its way to Prometheus."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from model import Image, Origin, ScalingMetric, ScalingWindow
from model.scaling import FRESH, WINDOW
from platforms.base import Unsupported
from platforms.kubernetes.platform import KubernetesPlatform
from tests.platforms.kubernetes.words import SCALING, Rendered, rendered, workload

PROMETHEUS = "http://prometheus.shop.svc.cluster.local:9090"
REQUESTS = ScalingMetric(name="requests_per_second", query=f"sum(rate(requests[{WINDOW}]))", per_replica=1000)
QUEUE = ScalingMetric(name="queue_length", query=f"sum(waiting and (age <= {FRESH}))", per_replica=2.5)
BY_FIGURES = replace(SCALING, metrics=(REQUESTS, QUEUE))


def of(*, scaling: Any = BY_FIGURES, prometheus: bool = True, scrape_seconds: int = 30, **settings: Any) -> Rendered:
    def build(platform: KubernetesPlatform, parent: pulumi.Resource) -> None:
        with platform.gathering():
            platform.workload(workload(scaling=scaling), parent=parent)
            if prometheus:
                answer = platform.scaler(
                    Origin(key="monitoring"),
                    image=Image(ref="x", uid=1, gid=1),
                    prometheus=PROMETHEUS,
                    scrape_seconds=scrape_seconds,
                    parent=parent,
                )
                assert answer is None, "nothing of ours tells what it does"
            platform.finish()

    return rendered(build, **settings)


def scaled(out: Rendered) -> Any:
    found = out.resource("ScaledObject", "web")
    assert found.type == "kubernetes:keda.sh/v1alpha1:ScaledObject"
    return found.inputs


def test_without_such_figures_the_cluster_s_own_autoscaler_does_it() -> None:
    out = of(scaling=SCALING)
    assert ("HorizontalPodAutoscaler", "web") in out
    assert out.names("ScaledObject") == set()
    assert "prometheus-keda" not in out.names("NetworkPolicy")


def test_with_them_keda_is_told_all_of_the_policy_and_nobody_else_scales() -> None:
    out = of()
    assert out.names("HorizontalPodAutoscaler") == set()
    spec = scaled(out)["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 10)
    advanced = spec["advanced"]
    assert advanced["restoreToOriginalReplicaCount"] is False, "what scales away is no order to shrink"
    assert (
        advanced["horizontalPodAutoscalerConfig"]["behavior"]
        == of(scaling=SCALING).spec("HorizontalPodAutoscaler", "web")["behavior"]
    ), "one policy, whoever follows it"
    assert "fallback" not in spec, "missing figures change nothing"
    assert "idleReplicaCount" not in spec
    assert out.resource("Deployment", "web").ignore_changes == ("spec.replicas",)


def test_an_autoscaler_that_was_there_is_taken_over() -> None:
    """KEDA refuses another one beside its own, and the count must not move."""
    inputs = scaled(of())
    assert inputs["metadata"]["annotations"]["scaledobject.keda.sh/transfer-hpa-ownership"] == "true"
    assert inputs["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"] == "web"


def test_each_metric_is_a_trigger() -> None:
    cpu, memory, requests, queue = scaled(of())["spec"]["triggers"]
    assert cpu == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}}
    assert memory == {"type": "memory", "metricType": "Utilization", "metadata": {"value": "80"}}
    assert (requests["type"], requests["metricType"]) == ("prometheus", "AverageValue")
    assert requests["metadata"].pop("query").startswith("(sum(rate(requests[120s]))) and on() (")
    assert requests["metadata"] == {
        "serverAddress": PROMETHEUS,
        "threshold": "1000",
        "ignoreNullValues": "false",
    }, "nothing is not 0"
    assert queue["metadata"]["threshold"] == "2.5"
    assert "age <= 65" in queue["metadata"]["query"]
    assert "age <= 25" in scaled(of(scrape_seconds=10))["spec"]["triggers"][3]["metadata"]["query"]
    assert [one.get("name") for one in (requests, queue)] == ["requests-per-second", "queue-length"]
    assert all(isinstance(value, str) for value in queue["metadata"].values()), "KEDA takes texts alone"


def test_an_update_waits_until_keda_has_taken_it_and_not_until_there_are_figures() -> None:
    assert scaled(of())["metadata"]["annotations"]["pulumi.com/waitFor"] == "jsonpath={.status.hpaName}"


def test_figures_alone_are_enough() -> None:
    alone = replace(BY_FIGURES, cpu_percent=None, memory_percent=None)
    assert [one["type"] for one in scaled(of(scaling=alone))["spec"]["triggers"]] == ["prometheus"] * 2


BUSY = ScalingWindow(starts="0 7 * * 1-5", ends="0 20 * * 1-5", zone="Europe/Berlin", min_replicas=6)


def test_busy_hours_are_a_trigger_beside_the_others() -> None:
    spec = scaled(of(scaling=replace(BY_FIGURES, windows=(BUSY,))))["spec"]
    assert [one["type"] for one in spec["triggers"]] == ["cpu", "memory", "prometheus", "prometheus", "cron"]
    assert spec["triggers"][-1]["metadata"] == {
        "timezone": "Europe/Berlin",
        "start": "0 7 * * 1-5",
        "end": "0 20 * * 1-5",
        "desiredReplicas": "6",
    }
    assert spec["minReplicaCount"] == 3, "at all other hours"


def test_busy_hours_need_no_prometheus() -> None:
    out = of(scaling=replace(SCALING, windows=(BUSY,)), prometheus=False)
    assert [one["type"] for one in scaled(out)["spec"]["triggers"]] == ["cpu", "memory", "cron"]
    assert "prometheus-keda" not in out.names("NetworkPolicy")


@pytest.mark.parametrize(("settings", "namespace"), [({}, "keda"), ({"keda_namespace": "scaling"}, "scaling")])
def test_keda_alone_of_other_namespaces_may_ask_prometheus(settings: dict[str, Any], namespace: str) -> None:
    policy = of(**settings).spec("NetworkPolicy", "prometheus-keda")
    assert policy["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 9090}]
    (peer,) = rule["from"]
    assert peer["namespaceSelector"]["matchExpressions"] == [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}
    ]


def test_without_prometheus_it_is_refused() -> None:
    with pytest.raises(Unsupported) as found:
        of(prometheus=False)
    (one,) = found.value.refusals
    assert (one.field, one.got) == ("scaling.metrics", "requests_per_second, queue_length")
    assert "Prometheus" in one.reason
