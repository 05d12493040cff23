"""A service in the words of the Docker API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.engine.providers.docker import labels
from sandbox.engine.providers.docker.container_spec import Spec, container_spec, present
from sandbox.engine.providers.docker.rules import nanoseconds


def service_spec(given: Mapping[str, Any]) -> Spec:
    """The ServiceSpec of the (checked, plain) inputs of a service."""
    return present(
        {
            "Name": given["name"],
            "Labels": labels.to_api(given.get("labels")),
            "TaskTemplate": _task(given["taskSpec"]),
            "Mode": _mode(given.get("mode") or {}),
            "UpdateConfig": _rollout(given.get("updateConfig")),
            "RollbackConfig": _rollout(given.get("rollbackConfig")),
            "EndpointSpec": _endpoint(given.get("endpointSpec")),
        }
    )


def _task(given: Mapping[str, Any]) -> Spec:
    return present(
        {
            "ContainerSpec": container_spec(given["containerSpec"]),
            "Resources": _resources(given.get("resources")),
            "RestartPolicy": _restart(given.get("restartPolicy")),
            "Placement": _placement(given.get("placement")),
            "ForceUpdate": given.get("forceUpdate") or 0,
            "Runtime": given.get("runtime"),
            "Networks": [_network(item) for item in given.get("networksAdvanceds") or []] or None,
            "LogDriver": _log_driver(given.get("logDriver")),
        }
    )


def _resources(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None

    def amounts(key: str) -> Spec | None:
        part = given.get(key)
        if part is None:
            return None
        generic = _generic(part.get("genericResources") or {})
        return present(
            {"NanoCPUs": part.get("nanoCpus"), "MemoryBytes": part.get("memoryBytes"), "GenericResources": generic}
        )

    return present({"Limits": amounts("limits"), "Reservations": amounts("reservation")})


def _generic(given: Mapping[str, Any]) -> list[Spec] | None:
    """`gpu=GPU-1` of named resources, `gpu=2` of discrete ones."""
    named = [text.split("=", 1) for text in given.get("namedResourcesSpecs") or []]
    counted = [text.split("=", 1) for text in given.get("discreteResourcesSpecs") or []]
    return [
        *({"NamedResourceSpec": {"Kind": kind, "Value": name}} for kind, name in named),
        *({"DiscreteResourceSpec": {"Kind": kind, "Value": int(count)}} for kind, count in counted),
    ] or None


def _restart(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    # As the real provider does, a delay that the program left out is sent as 0, not as the daemon's 5 s.
    return present(
        {
            "Condition": given.get("condition"),
            "Delay": nanoseconds(given.get("delay")),
            "MaxAttempts": given.get("maxAttempts") or 0,
            "Window": nanoseconds(given.get("window")),
        }
    )


def _placement(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    spreads = [{"Spread": {"SpreadDescriptor": label}} for label in given.get("prefs") or []]
    platforms = [{"Architecture": item["architecture"], "OS": item["os"]} for item in given.get("platforms") or []]
    return present(
        {
            "Constraints": given.get("constraints"),
            "Preferences": spreads or None,
            "MaxReplicas": given.get("maxReplicas"),
            "Platforms": platforms or None,
        }
    )


def _network(given: Mapping[str, Any]) -> Spec:
    options = dict(option.split("=", 1) for option in given.get("driverOpts") or [])
    return present(
        {
            "Target": given.get("id") or given.get("name"),
            "Aliases": given.get("aliases"),
            "DriverOpts": options or None,
        }
    )


def _log_driver(given: Mapping[str, Any] | None) -> Spec | None:
    return None if given is None else present({"Name": given["name"], "Options": given.get("options")})


def _mode(given: Mapping[str, Any]) -> Spec:
    if given.get("global"):
        return {"Global": {}}
    replicas = (given.get("replicated") or {}).get("replicas")
    return {"Replicated": {"Replicas": 1 if replicas is None else replicas}}


def _rollout(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    return {
        "Parallelism": given["parallelism"],
        "Delay": nanoseconds(given["delay"]),
        "FailureAction": given["failureAction"],
        "Monitor": nanoseconds(given["monitor"]),
        "MaxFailureRatio": float(given["maxFailureRatio"]),
        "Order": given["order"],
    }


def _endpoint(given: Mapping[str, Any] | None) -> Spec | None:
    if given is None:
        return None
    ports = [
        present(
            {
                "Name": port.get("name"),
                "Protocol": port["protocol"],
                "TargetPort": port["targetPort"],
                "PublishedPort": port.get("publishedPort"),
                "PublishMode": port["publishMode"],
            }
        )
        for port in given.get("ports") or []
    ]
    return present({"Mode": given.get("mode"), "Ports": ports or None})
