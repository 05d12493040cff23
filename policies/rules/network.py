"""Who may connect to whom."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import ADVISORY, KUBERNETES, SWARM, Rule
from views import Resource, Stack, WorkloadView, leads, selects
from views.plain import Unknown, pairs

_EVERYWHERE = ("0.0.0.0/0", "::/0")
_DIRECTIONS = {"ingress": "from", "egress": "to"}


def _undenied(stack: Stack) -> Iterator[str]:
    denied = {one.namespace for one in stack.of_kind("NetworkPolicy") if _denies_all(one.spec)}
    for namespace in sorted({one.namespace for one in stack.workloads if one.platform == "kubernetes"} - denied):
        yield f"namespace {namespace or '(default)'}: no NetworkPolicy denies by default."


def _denies_all(spec: Mapping[str, Any]) -> bool:
    everything = spec.get("podSelector") == {} and not isinstance(spec.get("podSelector"), Unknown)
    types = {"Ingress", "Egress"} <= set(spec.get("policyTypes") or [])
    return everything and types and not spec.get("ingress") and not spec.get("egress")


def _unnamed(stack: Stack) -> Iterator[str]:
    policies = [one for one in stack.of_kind("NetworkPolicy") if not _denies_all(one.spec)]
    for workload in stack.workloads:
        if workload.platform == "kubernetes" and not any(_covers(one, workload) for one in policies):
            yield f"{workload.name}: no NetworkPolicy says who may connect to it, and where it may connect to."


def _covers(policy: Resource, workload: WorkloadView) -> bool:
    return policy.namespace == workload.namespace and selects(policy.spec.get("podSelector"), workload.labels)


def _unlimited(stack: Stack) -> Iterator[str]:
    for policy, direction, rule in _open_rules(stack):
        if not rule.get("ports") and not isinstance(rule.get("ports"), Unknown):
            yield f"{policy.object_name or policy.name}: {direction} is allowed everywhere."


def _not_public(stack: Stack) -> Iterator[str]:
    public = [one for one in stack.of_kind("Service") if one.spec.get("type") in ("LoadBalancer", "NodePort")]
    entries = list(leads(stack))
    public += [one for one in stack.of_kind("Service") if any(entry.is_to(one) for entry in entries)]
    for policy, direction, rule in _open_rules(stack):
        covered = [one for one in stack.workloads if _covers(policy, one)]
        is_entry = all(any(_is_behind(entry, one) for entry in public) for one in covered)
        if direction == "ingress" and rule.get("ports") and not is_entry:
            yield f"{policy.object_name or policy.name}: everybody may connect to ports that no entry leads to."


def _open_rules(stack: Stack) -> Iterator[tuple[Resource, str, Mapping[str, Any]]]:
    for policy in stack.of_kind("NetworkPolicy"):
        for direction, key in _DIRECTIONS.items():
            for rule in policy.spec.get(direction) or []:
                if _is_anybody(rule.get(key)):
                    yield policy, direction, rule


def _is_behind(service: Resource, workload: WorkloadView) -> bool:
    wanted = service.spec.get("selector") or {}
    return bool(wanted) and service.namespace == workload.namespace and wanted.items() <= workload.labels.items()


def _is_anybody(peers: Any) -> bool:
    if isinstance(peers, Unknown):
        return False
    return not peers or any(_is_everywhere(peer) for peer in peers)


def _is_everywhere(peer: Mapping[str, Any]) -> bool:
    if isinstance(peer, Unknown):
        return False
    block = peer.get("ipBlock")
    if block is not None:
        return block.get("cidr") in _EVERYWHERE and not block.get("except")
    # An empty selector of namespaces picks all of them; without one, pods of the own namespace are meant.
    return peer.get("namespaceSelector", None if peer else {}) == {} and not peer.get("podSelector")


def _plain_overlay(resource: Resource) -> Iterator[str]:
    if resource.type != "docker:index/network:Network":
        return
    given = resource.properties
    name = resource.object_name or resource.name
    options = given.get("options") or {}
    if given.get("driver") == "overlay" and not isinstance(options, Unknown) and options.get("encrypted") != "true":
        yield f"{name}: the overlay network is not encrypted."
    if given.get("attachable") is True:
        yield f"{name}: any container on a host may join the network."


def _plain_entry(stack: Stack) -> Iterator[str]:
    for service in stack.of_kind("Service"):
        ports = {port.get("port") for port in service.spec.get("ports") or []}
        if service.spec.get("type") == "LoadBalancer" and ports & {80, 8080} and not ports & {443, 8443}:
            yield f"{service.object_name or service.name}: a public entry with HTTP alone."
    for ingress in stack.of_kind("Ingress"):
        if not ingress.spec.get("tls") and not isinstance(ingress.spec.get("tls"), Unknown):
            yield f"{ingress.object_name or ingress.name}: an Ingress without `tls`."
    for gateway in stack.of_kind("Gateway"):
        listeners = gateway.spec.get("listeners") or []
        if listeners and not any(one.get("tls") or one.get("protocol") in ("HTTPS", "TLS") for one in listeners):
            yield f"{gateway.object_name or gateway.name}: a Gateway without a listener for HTTPS."
    for workload in stack.workloads:
        names = {label.split(".")[2] for label in _labelled(workload, "clients")}
        if "http" in names and "https" not in names:
            yield f"{workload.name}: a public entry with HTTP alone."


def _labelled(workload: WorkloadView, audience: str) -> Iterator[str]:
    labels = pairs(workload.properties.get("labels")) if workload.platform == "swarm" else {}
    return (label for label, value in labels.items() if label.endswith(".audience") and value == audience)


RULES = (
    Rule(
        name="traffic-is-denied-by-default",
        says="In every namespace with workloads a NetworkPolicy denies all traffic that no other one allows.",
        why="Otherwise every pod of the cluster may connect to a database.",
        fix="Add a NetworkPolicy with `podSelector: {}`, both policyTypes and no rules.",
        platforms=KUBERNETES,
        of_stack=_undenied,
    ),
    Rule(
        name="connections-are-named",
        says="For every workload a NetworkPolicy says who may connect to it.",
        why="What nobody named is either closed by accident or open by accident.",
        fix="Add a NetworkPolicy that selects its pods.",
        platforms=KUBERNETES,
        of_stack=_unnamed,
    ),
    Rule(
        name="no-allow-all-policy",
        says="No NetworkPolicy allows everything.",
        why="One such policy undoes the default deny.",
        fix="Name the peers or the ports; for the internet except the private address ranges.",
        platforms=KUBERNETES,
        of_stack=_unlimited,
    ),
    Rule(
        name="open-ports-are-entries",
        says="Ports that everybody may connect to are those of a public entry.",
        why="Otherwise every pod of the cluster may connect, which nobody asked for.",
        fix="Name the peers. (An own entry in front of a Service, which the stack does not have, is a reason.)",
        platforms=KUBERNETES,
        level=ADVISORY,
        of_stack=_not_public,
    ),
    Rule(
        name="overlay-is-encrypted",
        says="Overlay networks are encrypted, and no other container may join them.",
        why="Traffic between hosts is readable for everybody on their network.",
        fix='Set `options.encrypted` to "true" and `attachable` to false.',
        platforms=SWARM,
        level=ADVISORY,
        of_resource=_plain_overlay,
    ),
    Rule(
        name="public-entry-has-tls",
        says="What is open to the internet speaks TLS.",
        why="Passwords and cookies are readable on the way, unless something in front of it ends TLS.",
        fix="Set `tls` of the balancer, or override the rule where another balancer in front ends TLS.",
        level=ADVISORY,
        of_stack=_plain_entry,
    ),
)
