"""One good resource of each kind, to be broken by the tests."""

from typing import Any

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
BALANCER = "kubernetes:core/v1:Service"
SERVICE = "docker:index/service:Service"


def deployment(replicas: int = 3, **container: Any) -> dict[str, Any]:
    """A Deployment that breaks no rule, but for what `container` changes. None removes a key."""
    good = {
        "name": "web",
        "image": "registry.example.com/chat/web:1.0.0",
        "env": [{"name": "LOG_LEVEL", "value": "info"}],
        "resources": {"limits": {"memory": "1Gi"}},
        "securityContext": {"runAsUser": 10001, "readOnlyRootFilesystem": True},
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8000}},
    }
    merged = {key: value for key, value in {**good, **container}.items() if value is not None}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [merged]}}
    return {
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def stateful_set(*, volume: bool = True) -> dict[str, Any]:
    """A StatefulSet, with or without a claim."""
    document = deployment()
    if volume:
        document["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    return document


def service(replicas: int = 3, **container: Any) -> dict[str, Any]:
    """A Swarm service that breaks no rule, but for what `container` changes. None removes a key."""
    good = {
        "image": "registry.example.com/chat/web:1.0.0",
        "env": {"LOG_LEVEL": "info"},
        "user": "10001:10001",
        "readOnly": True,
        "healthcheck": {"tests": ["CMD", "true"]},
    }
    merged = {key: value for key, value in {**good, **container}.items() if value is not None}
    return {
        "name": "dev-web",
        "mode": {"replicated": {"replicas": replicas}},
        "taskSpec": {"containerSpec": merged, "resources": {"limits": {"memoryBytes": 2**30}}},
    }


def budget(selector: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A disruption budget."""
    labels = {"app": "web"} if selector is None else selector
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": labels}, **spec}}


def balancer(target: object, **spec: Any) -> dict[str, Any]:
    """A Service of type LoadBalancer in front of `deployment`."""
    ports = [{"name": "one", "port": 443, "targetPort": target}]
    return {
        "metadata": {"name": "web-public"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": ports, **spec},
    }
