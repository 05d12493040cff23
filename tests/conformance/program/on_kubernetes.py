"""Kubernetes objects of every kind that the renderers make."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

NAMESPACE = "conformance"
LABELS = {"app.kubernetes.io/name": "web"}


def deploy(tier: pulumi.Resource, image: str, password: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    provider = kubernetes.Provider("cluster", namespace=NAMESPACE, enable_server_side_apply=True)
    namespace = kubernetes.core.v1.Namespace(
        "namespace",
        metadata={"name": NAMESPACE, "labels": LABELS},
        opts=pulumi.ResourceOptions(parent=tier, provider=provider),
    )
    options = pulumi.ResourceOptions(parent=tier, provider=provider, depends_on=[namespace])
    meta = {"name": "web", "labels": LABELS}
    config = kubernetes.core.v1.ConfigMap("config", data={"web.conf": "level = debug"}, opts=options)
    secret = kubernetes.core.v1.Secret("secret", string_data={"password": password}, opts=options)
    account = kubernetes.core.v1.ServiceAccount(
        "account", metadata=meta, automount_service_account_token=False, opts=options
    )
    template = pod(image, config.metadata["name"], secret.metadata["name"], account.metadata["name"])
    selector = {"match_labels": LABELS}
    deployment = kubernetes.apps.v1.Deployment(
        "web",
        metadata=meta,
        spec={
            "replicas": 2,
            "selector": selector,
            "strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 0, "max_surge": 1}},
            "template": template,
        },
        opts=options,
    )
    kubernetes.core.v1.Service(
        "web",
        metadata=meta,
        spec={"selector": LABELS, "ports": [{"name": "http", "port": 80, "target_port": 8000}]},
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[deployment])),
    )
    kubernetes.policy.v1.PodDisruptionBudget(
        "web", metadata=meta, spec={"max_unavailable": 1, "selector": selector}, opts=options
    )
    kubernetes.autoscaling.v2.HorizontalPodAutoscaler("web", metadata=meta, spec=scaling(), opts=options)
    kubernetes.networking.v1.NetworkPolicy(
        "deny", metadata=meta, spec={"pod_selector": {}, "policy_types": ["Ingress"]}, opts=options
    )
    kubernetes.rbac.v1.Role(
        "reader", metadata=meta, rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}], opts=options
    )
    kubernetes.rbac.v1.RoleBinding(
        "reader",
        metadata=meta,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "web"},
        subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": NAMESPACE}],
        opts=options,
    )
    kubernetes.apps.v1.StatefulSet(
        "data",
        metadata={"name": "data"},
        spec={
            "replicas": 1,
            "service_name": "data",
            "pod_management_policy": "Parallel",
            "selector": {"match_labels": {"app": "data"}},
            "template": small_pod(image, "data"),
        },
        opts=options,
    )
    kubernetes.apps.v1.DaemonSet(
        "agent",
        metadata={"name": "agent"},
        spec={"selector": {"match_labels": {"app": "agent"}}, "template": small_pod(image, "agent")},
        opts=options,
    )
    once = {"restart_policy": "Never", "containers": [{"name": "once", "image": image, "command": ["true"]}]}
    kubernetes.batch.v1.Job(
        "migrate", metadata={"name": "migrate"}, spec={"backoff_limit": 1, "template": {"spec": once}}, opts=options
    )
    kubernetes.batch.v1.CronJob(
        "nightly",
        metadata={"name": "nightly"},
        spec={"schedule": "0 3 * * *", "job_template": {"spec": {"template": {"spec": once}}}},
        opts=options,
    )
    kubernetes.core.v1.PersistentVolumeClaim(
        "claim",
        metadata={"name": "claim"},
        spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}},
        opts=options,
    )
    return {"deployment": deployment.metadata["name"]}


def small_pod(image: str, app: str) -> dict[str, Any]:
    container = {"name": app, "image": image, "command": ["sleep", "100000"]}
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"termination_grace_period_seconds": 1, "containers": [container]},
    }


def pod(image: str, config: Any, secret: Any, account: Any) -> dict[str, Any]:
    container = {
        "name": "web",
        "image": image,
        "command": ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"],
        "env": [{"name": "LEVEL", "value": "debug"}],
        "ports": [{"name": "http", "container_port": 8000}],
        "resources": {"requests": {"cpu": "0.01", "memory": "16384Ki"}, "limits": {"cpu": "500m", "memory": "64Mi"}},
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "readiness_probe": {"exec_": {"command": ["true"]}, "period_seconds": 1},
        "volume_mounts": [
            {"name": "config", "mount_path": "/etc/web.conf", "sub_path": "web.conf"},
            {"name": "secret", "mount_path": "/run/secrets/web", "read_only": True},
            {"name": "tmp", "mount_path": "/tmp"},
        ],
    }
    return {
        "metadata": {"labels": LABELS},
        "spec": {
            "service_account_name": account,
            "termination_grace_period_seconds": 5,
            "containers": [container],
            "volumes": [
                {"name": "config", "config_map": {"name": config}},
                {"name": "secret", "secret": {"secret_name": secret, "default_mode": 0o440}},
                {"name": "tmp", "empty_dir": {"size_limit": "1024Ki"}},
            ],
        },
    }


def scaling() -> dict[str, Any]:
    return {
        "min_replicas": 2,
        "max_replicas": 4,
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": "web"},
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 70}},
            }
        ],
    }
