"""A service as the API answers it, under the provider's names and with its zero values."""

from __future__ import annotations

from sandbox.engine.providers.docker import labels
from sandbox.engine.providers.docker.container_answer import Answer, container_answer
from sandbox.engine.providers.docker.rules import duration_text


def service_answer(service: Answer) -> Answer:
    """The outputs of a service the program said nothing about."""
    spec = service["Spec"]
    endpoint = service.get("Endpoint") or {}
    asked = endpoint.get("Spec") or spec.get("EndpointSpec") or {}
    replicated = spec["Mode"].get("Replicated")
    return {
        "name": spec["Name"],
        "labels": labels.from_api(spec.get("Labels")),
        "auth": None,
        "convergeConfig": None,
        "taskSpec": _task(spec["TaskTemplate"]),
        "mode": {
            "global": "Global" in spec["Mode"],
            "replicated": None if replicated is None else {"replicas": replicated.get("Replicas", 1)},
        },
        "updateConfig": _rollout(spec.get("UpdateConfig")),
        "rollbackConfig": _rollout(spec.get("RollbackConfig")),
        "endpointSpec": {
            "mode": asked.get("Mode", "vip"),
            "ports": [_port(port) for port in endpoint.get("Ports") or asked.get("Ports") or []],
        },
    }


def _task(task: Answer) -> Answer:
    resources, placement = task.get("Resources") or {}, task.get("Placement") or {}
    driver = task.get("LogDriver")
    return {
        "containerSpec": container_answer(task["ContainerSpec"]),
        "forceUpdate": task.get("ForceUpdate", 0),
        "logDriver": None if driver is None else {"name": driver["Name"], "options": driver.get("Options")},
        "networksAdvanceds": [_network(item) for item in task.get("Networks") or []],
        "placement": {
            "constraints": placement.get("Constraints") or [],
            "maxReplicas": placement.get("MaxReplicas", 0),
            "platforms": [],
            "prefs": [item["Spread"]["SpreadDescriptor"] for item in placement.get("Preferences") or []],
        },
        "resources": {
            "limits": _amounts(resources.get("Limits")),
            "reservation": _reservation(resources.get("Reservations")),
        },
        "restartPolicy": _restart(task.get("RestartPolicy") or {}),
        "runtime": task.get("Runtime", "container"),
    }


def _network(item: Answer) -> Answer:
    return {"aliases": item.get("Aliases") or [], "driverOpts": [], "id": item["Target"], "name": ""}


def _amounts(amounts: Answer | None) -> Answer | None:
    if not amounts:
        return None
    return {"nanoCpus": amounts.get("NanoCPUs", 0), "memoryBytes": amounts.get("MemoryBytes", 0)}


def _reservation(amounts: Answer | None) -> Answer | None:
    known = _amounts(amounts)
    return None if amounts is None or known is None else {**known, "genericResources": _generic(amounts)}


def _generic(amounts: Answer) -> Answer | None:
    resources = amounts.get("GenericResources") or []
    if not resources:
        return None
    named = [one["NamedResourceSpec"] for one in resources if one.get("NamedResourceSpec")]
    counted = [one["DiscreteResourceSpec"] for one in resources if one.get("DiscreteResourceSpec")]
    return {
        "discreteResourcesSpecs": [f"{one['Kind']}={one['Value']}" for one in counted],
        "namedResourcesSpecs": [f"{one['Kind']}={one['Value']}" for one in named],
    }


def _restart(policy: Answer) -> Answer:
    return {
        "condition": policy.get("Condition", "any"),
        "delay": _unless_zero(policy.get("Delay")),
        "maxAttempts": policy.get("MaxAttempts", 0),
        "window": _unless_zero(policy.get("Window")),
    }


def _unless_zero(value: int | None) -> str:
    # The real provider sends 0 for what the program left out, and then sees its answer, 0s, as a change.
    return duration_text(value) if value else ""


def _rollout(config: Answer | None) -> Answer | None:
    if not config:
        return None
    return {
        "parallelism": config.get("Parallelism", 1),
        "delay": duration_text(config.get("Delay")),
        "failureAction": config.get("FailureAction"),
        "monitor": duration_text(config.get("Monitor")),
        "maxFailureRatio": f"{config.get('MaxFailureRatio', 0):.1f}",
        "order": config.get("Order"),
    }


def _port(port: Answer) -> Answer:
    return {
        "name": port.get("Name", ""),
        "protocol": port["Protocol"],
        "targetPort": port["TargetPort"],
        "publishedPort": port.get("PublishedPort", 0),
        "publishMode": port["PublishMode"],
    }
