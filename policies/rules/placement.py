"""On which hosts replicas and members run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import KUBERNETES, Rule
from views import Stack, WorkloadView, selects
from views.plain import Unknown, pairs

_HOST = "kubernetes.io/hostname"
_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
_APART = ("databases", "caches", "clusters", "brokers", "balancers")
"""Parts of a stack whose replicas must be on different hosts: there are two or three of them, and others need them."""
_ON_HOST = re.compile(r"node\.(?:hostname|id)\s*==\s*(\S+)")


def _together(stack: Stack) -> Iterator[str]:
    yield from _members_together(stack)
    for one in stack.workloads:
        if (one.replicas or 0) < 2 or one.kind not in ("replicas", "members"):
            continue
        if one.platform == "swarm":
            yield from _replicas_together(one)
        elif not _is_unknown(one) and not any(_picks(term, one) for term in [*_terms(one, hard=None), *_spread(one)]):
            yield f"{one.name}: nothing keeps its {one.replicas} pods on different nodes."


def _soft(stack: Stack) -> Iterator[str]:
    for one in stack.workloads:
        if (one.replicas or 0) < 2 or not _must_be_apart(one):
            continue
        if one.platform == "swarm":
            most = ((one.properties.get("taskSpec") or {}).get("placement") or {}).get("maxReplicas")
            if not most and not isinstance(most, Unknown):
                yield f"{one.name}: its {one.replicas} replicas may all be on one host."
        elif not _is_unknown(one):
            hard = [*_terms(one, hard=True), *_spread(one, hard=True)]
            if not any(_picks(term, one) for term in hard):
                yield f"{one.name}: its {one.replicas} pods may all be on one node."


def _must_be_apart(workload: WorkloadView) -> bool:
    return workload.kind == "members" or (
        workload.kind == "replicas" and workload.path[:1] in [(one,) for one in _APART]
    )


def _unmatched(stack: Stack) -> Iterator[str]:
    for one in stack.workloads:
        if one.platform != "kubernetes":
            continue
        for term in [*_terms(one, hard=None), *_spread(one, host=False)]:
            selector = term.get("labelSelector")
            if not isinstance(selector, Unknown) and not any(
                selects(selector, other.labels) for other in stack.workloads
            ):
                yield f"{one.name}: a rule about {term.get('topologyKey')} selects no pod of the stack."


def _is_unknown(workload: WorkloadView) -> bool:
    return isinstance(workload.pod.get("affinity"), Unknown)


def _picks(term: Mapping[str, Any], workload: WorkloadView) -> bool:
    return selects(term.get("labelSelector"), workload.labels)


def _terms(workload: WorkloadView, hard: bool | None) -> Iterator[Mapping[str, Any]]:
    """Terms of the anti-affinity between nodes: hard ones alone, or all."""
    rules = (workload.pod.get("affinity") or {}).get("podAntiAffinity") or {}
    terms = list(rules.get(_REQUIRED) or [])
    if not hard:
        terms += [one.get("podAffinityTerm") or {} for one in rules.get(_PREFERRED) or []]
    return (one for one in terms if one.get("topologyKey") == _HOST)


def _spread(workload: WorkloadView, *, hard: bool = False, host: bool = True) -> Iterator[Mapping[str, Any]]:
    for one in workload.pod.get("topologySpreadConstraints") or []:
        if (not host or one.get("topologyKey") == _HOST) and (
            not hard or one.get("whenUnsatisfiable") != "ScheduleAnyway"
        ):
            yield one


def _constraint(workload: WorkloadView) -> str:
    """The host that a Swarm service is pinned to, or nothing."""
    placement = (workload.properties.get("taskSpec") or {}).get("placement") or {}
    found = [_ON_HOST.search(str(one)) for one in placement.get("constraints") or []]
    return next((one[1] for one in found if one), "")


def _replicas_together(workload: WorkloadView) -> Iterator[str]:
    if host := _constraint(workload):
        yield f"{workload.name}: its {workload.replicas} replicas are all pinned to {host}."


def _members_together(stack: Stack) -> Iterator[str]:
    hosts: dict[str, dict[str, str]] = {}
    for one in stack.workloads:
        if one.platform == "swarm" and one.kind == "members" and (host := _constraint(one)):
            taken = hosts.setdefault(one.component, {})
            choice = {
                part for part in pairs(one.properties.get("labels")).get("ha-platform.hosts", "").split(",") if part
            }
            if host in taken and (not choice or len(taken) < len(choice)):
                yield f"{one.name}: pinned to {host}, as {taken[host]} of the same group is."
            taken.setdefault(host, one.name)


RULES = (
    Rule(
        name="replicas-are-spread",
        says="Replicas and members are kept on different hosts, where there are enough.",
        why="Replicas on one host are lost together.",
        fix="Add an anti-affinity by `kubernetes.io/hostname` that selects its own pods; on Swarm pin members to "
        "different hosts, and replicas to none.",
        of_stack=_together,
    ),
    Rule(
        name="members-are-apart",
        says="Members of stores, and replicas of what stands before them and before the apps, never share a host.",
        why="The scheduler drops a preference when a node is full, and nobody sees it until that node is lost.",
        fix="Require the anti-affinity (Kubernetes), or set `placement.maxReplicas: 1` (Swarm).",
        of_stack=_soft,
    ),
    Rule(
        name="spread-selects-pods",
        says="Rules about placement select pods of the stack.",
        why="One that selects nothing is always kept, and spreads nothing.",
        fix="Use the labels of the pods.",
        platforms=KUBERNETES,
        of_stack=_unmatched,
    ),
)
