"""Views of what cloud balancers lead to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from views.kubernetes import WORKLOADS
from views.numbers import whole

_SERVICE = "kubernetes:core/v1:Service"


@dataclass(frozen=True, kw_only=True)
class BalancedPort:
    """A port of a Service of type LoadBalancer, and the port of a container that it leads to."""

    service: str
    published: int
    container_port: int


def balanced_ports(resources: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[BalancedPort]:
    """Swarm has none: its ports are the hosts'. A port by name is looked up in the pods that the Service selects."""
    pods = [
        ((template.get("metadata") or {}).get("labels") or {}, _named_ports(template))
        for resource_type, properties in resources
        if resource_type in WORKLOADS and (template := (properties.get("spec") or {}).get("template") or {})
    ]
    for resource_type, properties in resources:
        spec = properties.get("spec") or {}
        if resource_type != _SERVICE or spec.get("type") != "LoadBalancer":
            continue
        selector = (spec.get("selector") or {}).items()
        for port in spec.get("ports") or []:
            target = whole(port.get("targetPort", port.get("port")))
            named = {ports[target] for labels, ports in pods if target in ports and selector <= labels.items()}
            for number in sorted(named) or [target]:
                yield BalancedPort(
                    service=str((properties.get("metadata") or {}).get("name") or ""),
                    published=whole(port.get("port")),
                    container_port=number,
                )


def _named_ports(template: Mapping[str, Any]) -> dict[str, Any]:
    containers = (template.get("spec") or {}).get("containers") or []
    return {
        str(port.get("name")): whole(port.get("containerPort"))
        for container in containers
        for port in container.get("ports") or []
    }
