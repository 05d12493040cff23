"""Drains of nodes: what they may take away at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.rule import KUBERNETES, Rule
from views import Resource, Stack, WorkloadView, selects

_BUDGET = "PodDisruptionBudget"


def _selected(budget: Resource, stack: Stack) -> list[WorkloadView]:
    return [
        one
        for one in stack.workloads
        if one.platform == "kubernetes" and one.kind in ("replicas", "members")
        and one.namespace == budget.namespace and selects(budget.spec.get("selector"), one.labels)
    ]  # fmt: skip


def _unmet(stack: Stack) -> Iterator[str]:
    for budget in stack.of_kind(_BUDGET):
        name = budget.object_name or budget.name
        selected = _selected(budget, stack)
        if not selected:
            yield f"{name}: the budget selects no workload of the stack."
        for view in selected:
            if view.replicas is not None and not _allows_eviction(budget.spec, view.replicas):
                yield f"{name}: no pod of {view.name} ({view.replicas} replicas) may ever be evicted."


def _allows_eviction(spec: Mapping[str, Any], replicas: int) -> bool:
    if isinstance(maximum := spec.get("maxUnavailable"), int | str):
        return _count(maximum, replicas) >= 1
    if isinstance(minimum := spec.get("minAvailable"), int | str):
        return _count(minimum, replicas) < replicas
    return True


def _count(value: object, replicas: int) -> int:
    """A number, or a percentage of the replicas rounded up (as the disruption controller does)."""
    text = str(value)
    return -(-int(text[:-1]) * replicas // 100) if text.endswith("%") else int(float(text))


def _unprotected(stack: Stack) -> Iterator[str]:
    budgets = list(stack.of_kind(_BUDGET))
    protected = {(one.namespace, one.name) for budget in budgets for one in _selected(budget, stack)}
    for one in stack.workloads:
        several = one.kind in ("replicas", "members") and (one.replicas or 0) > 1
        if one.platform == "kubernetes" and several and (one.namespace, one.name) not in protected:
            yield f"{one.name}: no PodDisruptionBudget selects its pods."


RULES = (
    Rule(
        name="disruption-budget-can-be-met",
        says="A PodDisruptionBudget selects pods, and lets at least one of them be evicted.",
        why="One that cannot be met blocks every drain of a node; one that selects nothing protects nothing.",
        fix="Set `maxUnavailable: 1` and the selector of the workload.",
        platforms=KUBERNETES,
        of_stack=_unmet,
    ),
    Rule(
        name="disruption-budget-is-there",
        says="Every workload of two pods or more has a PodDisruptionBudget.",
        why="Without, one drain after another can take all replicas, or the quorum, at once.",
        fix="Add one with `maxUnavailable: 1`.",
        platforms=KUBERNETES,
        of_stack=_unprotected,
    ),
)
