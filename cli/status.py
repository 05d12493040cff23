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
    """One workload: how many replicas are wanted and ready, and the newest reason why some are not."""

    component: str
    name: str
    kind: str
    wanted: int
    ready: int
    reason: str = ""


def show_status(rows: Iterable[Row]) -> bool:
    """Print a table; True when everything that is wanted is ready."""
    rows = sorted(rows, key=lambda row: (row.component, row.name))
    lacking = [row for row in rows if row.ready < row.wanted]
    columns = ["component", "workload", "kind", "ready", *(["what is wrong"] if lacking else [])]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        style = "red" if row in lacking else ""
        cells = [row.component, row.name, row.kind, f"{row.ready}/{row.wanted}", *([row.reason] if lacking else [])]
        table.add_row(*cells, style=style)
    Console(width=None if Console().is_terminal else PLAIN_WIDTH).print(table)
    return not lacking


def component_of(resource: dict[str, Any]) -> str:
    """The component that a resource belongs to, by its parent: `PostgresHA main`."""
    parts = str(resource.get("parent", "")).split("::")
    return f"{parts[2].rsplit(':', 1)[-1]} {parts[3]}" if len(parts) > 3 else ""
