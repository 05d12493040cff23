"""What runs of a stack: components, replicas and what is wrong with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 160
"""Columns where standard output is not a terminal, so that no name is cut."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One workload: how many replicas the stack wants, how many the orchestrator was told, how many are ready, and the
    newest reason why some are not."""

    urn: str
    id: str
    """The orchestrator's: of a service, or `namespace/name`."""
    component: str
    name: str
    kind: str
    wanted: int
    told: int
    ready: int
    gone: bool = False
    autoscaled: bool = False
    """Whether an autoscaler chooses the count: then `wanted` is what it was told, within the stack's bounds."""
    reason: str = ""

    @property
    def drift(self) -> str:
        """How it differs from what the stack made; empty where the orchestrator has what the stack said."""
        if self.gone:
            return f"the {self.kind} is gone"
        if self.told == self.wanted:
            return ""
        bound = ("at least " if self.told < self.wanted else "at most ") if self.autoscaled else ""
        return f"the stack wants {bound}{self.wanted}, but it is scaled to {self.told}"

    @property
    def wrong(self) -> str:
        """Everything that is wrong; empty for a workload as the stack wants it."""
        if self.drift or self.ready < self.wanted:
            return "; ".join(part for part in (self.drift, self.reason) if part) or "not ready"
        return ""


def show_status(rows: Iterable[Row]) -> bool:
    """Print a table; True when everything is as the stack wants it."""
    rows = sorted(rows, key=lambda row: (row.component, row.name))
    lacking = [row for row in rows if row.wrong]
    columns = ["component", "workload", "kind", "ready", *(["what is wrong"] if lacking else [])]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        style = "red" if row in lacking else ""
        cells = [row.component, row.name, row.kind, f"{row.ready}/{row.wanted}", *([row.wrong] if lacking else [])]
        table.add_row(*cells, style=style)
    Console(width=None if Console().is_terminal else PLAIN_WIDTH).print(table)
    return not lacking


def component_of(resource: dict[str, Any]) -> str:
    """The component that a resource belongs to, by its parent: `PostgresHA main`."""
    parts = str(resource.get("parent", "")).split("::")
    return f"{parts[2].rsplit(':', 1)[-1]} {parts[3]}" if len(parts) > 3 else ""
