"""KEDA: what the cluster's own autoscaler does not know, it is told by KEDA, which has to be in the cluster.

Sources: KEDA 2.17 (`ScaledObject` of keda.sh/v1alpha1; the triggers cpu, memory, prometheus and cron). KEDA makes a
HorizontalPodAutoscaler, and answers for figures that it asks Prometheus for; the decision is Kubernetes' own.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from model import Scaling, ScalingStep, Tier, Workload
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.names import labels, selector
from platforms.kubernetes.network import of_namespace
from platforms.scaling import asked

API_VERSION, KIND, PLURAL = "keda.sh/v1alpha1", "ScaledObject", "scaledobjects"
CHOICES = {"max": "Max", "min": "Min"}
_TRANSFER = "scaledobject.keda.sh/transfer-hpa-ownership"
"""A stack that had an autoscaler before: KEDA takes it over, and the count does not move meanwhile."""
_WAIT, _TAKEN = "pulumi.com/waitFor", "jsonpath={.status.hpaName}"
"""Not until its figures are there: a queue that nobody has made yet has none."""


def needed(scaling: Scaling) -> bool:
    """Whether the policy has what a HorizontalPodAutoscaler alone cannot follow."""
    return bool(scaling.metrics or scaling.windows)


def scaled_object(
    cluster: Cluster,
    word: Workload,
    scaling: Scaling,
    *,
    prometheus: str = "",
    scrape_seconds: int = 0,
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """Scales the Deployment `word.name`; `prometheus` is the URL for its metrics, and scrapes every so
    many seconds.

    There is no `fallback`: it would set a count where figures are missing. Without one such a metric is an error to the
    autoscaler, which then does not shrink, and grows by the others alone.
    """
    return CustomResource(
        word.name,
        api_version=API_VERSION,
        kind=KIND,
        metadata=ObjectMetaArgs(
            name=word.name,
            namespace=cluster.names.namespace,
            labels=labels(word.name, word.tier),
            annotations={_TRANSFER: "true", _WAIT: _TAKEN},
        ),
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": word.name},
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            "advanced": {
                "restoreToOriginalReplicaCount": False,
                "horizontalPodAutoscalerConfig": {
                    "name": word.name,
                    "behavior": {"scaleUp": _rules(scaling.up), "scaleDown": _rules(scaling.down)},
                },
            },
            "triggers": [
                *_of_resources(scaling),
                *_of_prometheus(scaling, prometheus, scrape_seconds),
                *_of_the_clock(scaling),
            ],
        },
        opts=opts,
    )


def may_ask(cluster: Cluster, prometheus: str, *, opts: pulumi.ResourceOptions) -> networking.NetworkPolicy:
    """KEDA's operator may connect to Prometheus. Policies add up: what others may stays as it is."""
    url = urlsplit(prometheus)
    word = str(url.hostname).partition(".")[0]
    return networking.NetworkPolicy(
        asking(prometheus),
        metadata=ObjectMetaArgs(
            name=asking(prometheus), namespace=cluster.names.namespace, labels=labels(word, Tier.MONITORING)
        ),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=selector(word)),
            policy_types=["Ingress"],
            ingress=[
                networking.NetworkPolicyIngressRuleArgs(
                    from_=[of_namespace(cluster.settings.keda_namespace)],
                    ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=url.port)],
                )
            ],
        ),
        opts=opts,
    )


def asking(prometheus: str) -> str:
    """The name of that policy."""
    return f"{str(urlsplit(prometheus).hostname).partition('.')[0]}-keda"


def _of_resources(scaling: Scaling) -> Iterator[dict[str, Any]]:
    for resource, percent in (("cpu", scaling.cpu_percent), ("memory", scaling.memory_percent)):
        if percent is not None:
            yield {"type": resource, "metricType": "Utilization", "metadata": {"value": str(percent)}}


def _of_prometheus(scaling: Scaling, url: str, scrape_seconds: int) -> Iterator[dict[str, Any]]:
    for metric in scaling.metrics:
        yield {
            "type": "prometheus",
            "name": metric.name.replace("_", "-"),
            "metricType": "AverageValue",
            "metadata": {
                "serverAddress": url,
                "query": asked(metric, scrape_seconds),
                "threshold": f"{metric.per_replica:.12g}",
                # Nothing is not 0: where figures are missing nothing shrinks.
                "ignoreNullValues": "false",
            },
        }


def _of_the_clock(scaling: Scaling) -> Iterator[dict[str, Any]]:
    """Outside of its window such a trigger asks for one replica, so the least holds."""
    for number, window in enumerate(scaling.windows):
        yield {
            "type": "cron",
            "name": f"window-{number}",
            "metadata": {
                "timezone": window.zone,
                "start": window.starts,
                "end": window.ends,
                "desiredReplicas": str(window.min_replicas),
            },
        }


def _rules(step: ScalingStep) -> dict[str, Any]:
    limits = (("Percent", step.percent), ("Pods", step.replicas))
    return {
        "stabilizationWindowSeconds": step.stabilization_seconds,
        "selectPolicy": CHOICES[step.choose],
        "policies": [{"type": kind, "value": value, "periodSeconds": step.period_seconds} for kind, value in limits],
    }
