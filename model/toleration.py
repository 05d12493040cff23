"""Nodes that are reserved."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


@dataclass(frozen=True, kw_only=True)
class Toleration:
    """Taints of nodes that do not keep a word away: those with this `key`, whatever their value and effect are unless
    `value` or `effect` say so. It permits a node, and chooses none: `node_labels` do that."""

    key: str
    value: str | None = None
    effect: Effect | None = None
