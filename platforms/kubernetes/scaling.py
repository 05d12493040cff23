"""The autoscaler of a workload."""

import pulumi
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from model import Scaling, ScalingStep, Workload
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.keda import CHOICES
from platforms.kubernetes.names import labels


def autoscaler(
    cluster: Cluster, word: Workload, scaling: Scaling, *, opts: pulumi.ResourceOptions
) -> autoscaling.HorizontalPodAutoscaler:
    """Scales the Deployment `word.name` by mean use of requests. Needs a metrics server in the cluster."""
    targets = (("cpu", scaling.cpu_percent), ("memory", scaling.memory_percent))
    return autoscaling.HorizontalPodAutoscaler(
        word.name,
        metadata=ObjectMetaArgs(name=word.name, namespace=cluster.names.namespace, labels=labels(word.name, word.tier)),
        spec=autoscaling.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=autoscaling.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=word.name
            ),
            min_replicas=scaling.min_replicas,
            max_replicas=scaling.max_replicas,
            metrics=[_utilization(resource, percent) for resource, percent in targets if percent is not None],
            behavior=autoscaling.HorizontalPodAutoscalerBehaviorArgs(
                scale_up=_rules(scaling.up), scale_down=_rules(scaling.down)
            ),
        ),
        opts=opts,
    )


def _utilization(resource: str, percent: int) -> autoscaling.MetricSpecArgs:
    return autoscaling.MetricSpecArgs(
        type="Resource",
        resource=autoscaling.ResourceMetricSourceArgs(
            name=resource, target=autoscaling.MetricTargetArgs(type="Utilization", average_utilization=percent)
        ),
    )


def _rules(step: ScalingStep) -> autoscaling.HPAScalingRulesArgs:
    limits = (("Percent", step.percent), ("Pods", step.replicas))
    return autoscaling.HPAScalingRulesArgs(
        stabilization_window_seconds=step.stabilization_seconds,
        select_policy=CHOICES[step.choose],
        policies=[
            autoscaling.HPAScalingPolicyArgs(type=kind, value=value, period_seconds=step.period_seconds)
            for kind, value in limits
        ],
    )
