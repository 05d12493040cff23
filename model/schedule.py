"""Work by the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from model.clock import UTC
from model.container import Container
from model.origin import Origin
from model.outside import Outside
from model.priority import Priority
from model.tier import Tier
from model.toleration import Toleration

METRICS_PORT = 9199
"""Where the clock of a schedule tells how its runs were."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Runs its container's `command` whenever the clock says `at` (five fields, as cron writes them) in a time `zone`.

    Never two at once. A run that could not begin within `start_within_seconds` is left out; one that lasts longer than
    `deadline_seconds` is ended with all its processes, and has failed. A run is tried once: the next one is the next
    try. A host may be lost, so a run may be cut at any moment, and in rare cases begin again: the command must be
    idempotent. The last `history` runs that succeeded, and those that failed, are remembered.

    The image must have `python3` (3.9 or newer), and the zone's data unless that is UTC: without them the clock does
    not become ready, and the update fails. `hosts`
    names the host of the clock, one or none, where hosts have names; `node_labels`, `tolerations`, `outside`,
    `priority` and `account_annotations` are as for Workloads.
    """

    name: str
    origin: Origin
    tier: Tier
    container: Container
    at: str
    zone: str = UTC
    deadline_seconds: int
    start_within_seconds: int = 600
    history: int = 3
    hosts: tuple[str, ...] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    outside: tuple[Outside, ...] = ()
    priority: Priority = "normal"
    account_annotations: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[pulumi.Resource, ...] = ()
