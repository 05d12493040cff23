"""Work that runs to its end before others start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from model.container import Container
from model.origin import Origin
from model.outside import Outside
from model.priority import Priority
from model.tier import Tier


@dataclass(frozen=True, kw_only=True)
class Job:
    """Runs once for each change of its container; a dependent starts only after it succeeded.

    It may run again (a lost host), so it must be idempotent. It is tried `retries` + 1 times and fails after
    `deadline_seconds`. `container.command` is required: a launcher may wrap it. `outside` is what it may connect to
    beside the tiers that its own reaches; `priority` and `account_annotations` are as for Workloads.
    """

    name: str
    origin: Origin
    tier: Tier
    container: Container
    retries: int = 2
    deadline_seconds: int = 300
    outside: tuple[Outside, ...] = ()
    priority: Priority = "normal"
    account_annotations: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[pulumi.Resource, ...] = ()
