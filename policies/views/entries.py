"""What leads from the outside to a stack's Services on Kubernetes: Ingresses, and routes of Gateways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from views.stack import Resource, Stack

ROUTES = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute")


@dataclass(frozen=True, kw_only=True)
class Lead:
    """To a port of a Service, by its number or its name (None: not known)."""

    by: str
    namespace: str
    service: str
    port: int | str | None

    def is_to(self, service: Resource) -> bool:
        """Whether it leads to this Service."""
        return (service.namespace, service.object_name) == (self.namespace, self.service)


def leads(stack: Stack) -> Iterator[Lead]:
    """All of the stack."""
    for ingress in stack.of_kind("Ingress"):
        for backend in _backends(ingress.spec):
            if service := _mapping(backend).get("service"):
                port = service.get("port") or {}
                yield _lead(ingress, ingress.namespace, service.get("name"), port.get("number") or port.get("name"))
    for route in stack.of_kind(*ROUTES):
        for rule in _listed(route.spec.get("rules")):
            for backend in _listed(rule.get("backendRefs")):
                if backend.get("kind", "Service") == "Service":
                    namespace = backend.get("namespace") or route.namespace
                    yield _lead(route, str(namespace), backend.get("name"), backend.get("port"))


def _backends(spec: Mapping[str, Any]) -> Iterator[Any]:
    yield spec.get("defaultBackend")
    for rule in _listed(spec.get("rules")):
        yield from (path.get("backend") for path in _listed(_mapping(rule.get("http")).get("paths")))


def _lead(by: Resource, namespace: str, service: Any, port: Any) -> Lead:
    known = port if isinstance(port, int | str) else None
    return Lead(by=by.object_name or by.name, namespace=namespace, service=str(service or ""), port=known)


def _listed(given: Any) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
