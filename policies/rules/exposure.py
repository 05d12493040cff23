"""Ports that are for the operators of a stack."""

from collections.abc import Iterator
from typing import Any

from rules.rule import Rule
from views import Resource, Stack, leads
from views.plain import pairs

_OPERATORS = {3000: "Grafana", 8404: "HAProxy's status page", 9090: "Prometheus", 9093: "Alertmanager"}
"""The ports of the containers, which their upstream projects chose; the published numbers are anybody's choice."""
_AUDIENCES = ("operators", "stack")


def _exposed(stack: Stack) -> Iterator[str]:
    entries = list(leads(stack))
    for service in stack.of_kind("Service"):
        name = service.object_name or service.name
        led_to = {one.port for one in entries if one.is_to(service)}
        for port in service.spec.get("ports") or []:
            if service.spec.get("type") != "LoadBalancer" and not led_to & {None, port.get("port"), port.get("name")}:
                continue
            for number in _targets(stack, service, port.get("targetPort", port.get("port"))):
                if number in _OPERATORS:
                    yield f"{name}: port {port.get('port')} leads to {_OPERATORS[number]} ({number})."
    for service in stack.of_type("docker:index/service:Service"):
        yield from _published(service)


def _targets(stack: Stack, service: Resource, target: Any) -> list[int]:
    """A port by name is looked up in the pods that the Service selects."""
    if isinstance(target, int):
        return [target]
    wanted = (service.spec.get("selector") or {}).items()
    pods = [one for one in stack.workloads if wanted and wanted <= one.labels.items()]
    found = {container.ports.get(str(target)) for pod in pods for container in pod.containers}
    return sorted(number for number in found if isinstance(number, int))


def _published(service: Resource) -> Iterator[str]:
    """On Swarm hosts ports are the hosts'; those for operators are said to be so, and firewalls follow that."""
    labels = pairs(service.properties.get("labels"))
    for port in (service.properties.get("endpointSpec") or {}).get("ports") or []:
        number = port.get("targetPort")
        if number not in _OPERATORS:
            continue
        of = f"{service.object_name or service.name}: {_OPERATORS[number]} ({number})"
        if labels.get(f"ha-platform.port.{port.get('name')}.audience") not in _AUDIENCES:
            yield f"{of} is published, and not said to be for operators."
        elif port.get("publishMode") != "host":
            yield f"{of} answers on every host of the swarm, also on those that clients reach."


RULES = (
    Rule(
        name="operators-ports-are-not-public",
        says="What is open to the internet does not lead to Prometheus, Alertmanager, Grafana or a status page.",
        why="Metrics tell how to attack, and who reaches Alertmanager can silence it: neither asks for a password.",
        fix="Use `kubectl port-forward` (Kubernetes), or a port in host mode that is labelled for operators (Swarm).",
        of_stack=_exposed,
    ),
)
