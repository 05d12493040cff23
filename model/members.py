"""Named members, each with its own volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from model.container import Container
from model.origin import Origin
from model.outside import Outside
from model.port import Port, PublicPort
from model.priority import Priority
from model.probe import Probes
from model.shard import Shard
from model.tier import Tier
from model.toleration import Toleration
from model.volume import Volume


@dataclass(frozen=True, kw_only=True)
class Members:
    """`count` members named `<name>-0` .. `<name>-<count-1>`, each on a host of its own where there are enough.

    One change never takes two members down: the next is updated when the one before is ready again. Members find each
    other by name before they are ready. `hosts` names the host of each; empty: the platform chooses, by nothing but its
    own settings. A change after which no member stays where its data is fails, unless all the data left is on hosts in
    `abandon_data_on`. Only nodes with all `node_labels` run them. `tolerations`, `outside`, `priority` and
    `account_annotations` are as for Workloads. With `private_to`, only the members themselves and the words named there
    connect to them, and they to nobody else; empty: the tiers decide. It is fixed when the members are created, and
    comes before the words that it names. Monitoring alone also connects to `metrics_port`, the name of a port that
    serves nothing but figures: on Swarm it then reaches what else listens, too, so the other ports have to know their
    clients. To `peer_ports`, names of ports, only the members themselves connect. `public_ports` are for a single
    member. The volume is kept under the stack's `data` policy.

    `peers` hold copies of the same data and vote: one that moves copies it from the others, and they cannot get fewer.
    Otherwise each has data of its own: one moves only if `abandon_data_on` has the host that it leaves, and one
    that goes leaves its volume. `electorate` are peers of which each has stored who all are: after the first start
    there cannot be more either.

    With `shard`, several words are one store: their members connect to each other's `peer_ports`, and members of the
    same number are on different hosts where there are enough. Where `hosts` names none, Swarm takes its first three
    hosts (or as many as the word has members) in turn, and Kubernetes chooses by preference.

    `slow_start_seconds` is how long the program waits, if it is more than the probes' `start_seconds`, for a start that
    is alive: `live` passes and `ready` does not yet, as while a member copies its data. Kubernetes ends no such start,
    however long it takes; on Swarm a run of the check that lasts longer counts as one that failed.
    """

    name: str
    origin: Origin
    tier: Tier
    container: Container
    count: int
    volume: Volume
    peers: bool = True
    electorate: bool = False
    shard: Shard | None = None
    ports: tuple[Port, ...] = ()
    public_ports: tuple[PublicPort, ...] = ()
    probes: Probes
    slow_start_seconds: int = 0
    hosts: tuple[str, ...] = ()
    private_to: tuple[str, ...] = ()
    metrics_port: str | None = None
    peer_ports: tuple[str, ...] = ()
    abandon_data_on: tuple[str, ...] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    outside: tuple[Outside, ...] = ()
    priority: Priority = "normal"
    account_annotations: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[pulumi.Resource, ...] = ()
