"""Members as one service each, pinned to a host."""

from collections.abc import Iterator, Sequence

import pulumi_docker as docker

from model import Members
from platforms.base import Refused
from platforms.members import common_refusals
from platforms.shared import recorded
from platforms.swarm import account, priority
from platforms.swarm.container import Task, restarted, task_spec
from platforms.swarm.entry import endpoint_spec, entry_labels
from platforms.swarm.moves import HOSTS_LABEL, pin
from platforms.swarm.names import ORIGIN_LABEL, Names, service_labels
from platforms.swarm.placement import label_constraints, label_refusals, toleration_refusals
from platforms.swarm.probe import healthcheck
from platforms.swarm.rollout import Steps, converge_config, rollback_config, update_config
from platforms.swarm.settings import MEMBER_RESTART_MILLIS, SwarmSettings
from platforms.swarm.volume import DATA_LABEL, VOLUME_SIZE_LABEL, member_mount
from platforms.swarm.workload import port_labels

_PULL_SECONDS = 180
_STEPS = Steps()
_RING = 3
"""Hosts that shards take in turn where nobody names others. Fixed: one more host of the platform moves nothing."""


def refusals(word: Members, settings: SwarmSettings) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from common_refusals(word)
    yield from label_refusals(word.node_labels)
    yield from toleration_refusals(word.tolerations)
    yield from account.refusals(word.account_annotations)
    yield from priority.refusals(word.priority)
    nodes = len(settings.nodes)
    if word.count > nodes and not word.hosts:
        yield Refused(
            "count",
            word.count,
            f"each member has a host of its own, and `platform.nodes` has {nodes}; set at most that many, or add nodes",
        )
    for host in word.hosts:
        if host not in settings.nodes:
            known = ", ".join(settings.nodes)
            yield Refused(
                "hosts", host, f"is not in `platform.nodes` ({known}); name one of them, or add the host there"
            )


def member(
    word: Members,
    ordinal: int,
    *,
    names: Names,
    settings: SwarmSettings,
    data: str,
    networks: Sequence[docker.ServiceTaskSpecNetworksAdvancedArgs],
) -> docker.ServiceArgs:
    """One member. It stops before its successor starts, for both would have the same volume."""
    name = names.member(word.name, ordinal)
    peers = [names.member(word.name, other) for other in range(word.count) if other != ordinal]
    start_seconds = max(word.probes.start_seconds, word.slow_start_seconds)
    places = hosts(word, settings)
    labels = names.labels(
        word.name,
        {
            ORIGIN_LABEL: str(word.origin),
            **port_labels(word.ports),
            **entry_labels(word.public_ports, settings),
            VOLUME_SIZE_LABEL: str(word.volume.size_bytes),
            DATA_LABEL: data,
            HOSTS_LABEL: ",".join(places),
            **recorded(word.container),
        },
    )
    timeout = _PULL_SECONDS + word.container.stop.grace_seconds + start_seconds + _STEPS.monitor_seconds
    return docker.ServiceArgs(
        name=name,
        labels=service_labels(labels),
        mode=docker.ServiceModeArgs(replicated=docker.ServiceModeReplicatedArgs(replicas=1)),
        task_spec=task_spec(
            Task(
                container=word.container,
                labels=names.labels(word.name),
                healthcheck=healthcheck(word.probes, word.container, peers, word.slow_start_seconds),
                mounts=[member_mount(word.volume, source=name, labels=names.labels(word.name))],
                hostname=name,  # it finds itself before it is ready: only then do others find it
                variables={
                    "MEMBER_NAME": f"{word.name}-{ordinal}",
                    "MEMBER_HOST": name,
                    "MEMBER_ORDINAL": str(ordinal),
                },
            ),
            settings,
            networks=networks,
            restart_policy=restarted(MEMBER_RESTART_MILLIS),
            placement=docker.ServiceTaskSpecPlacementArgs(
                constraints=[pin(places[ordinal]), *label_constraints(word.node_labels)]
            ),
        ),
        endpoint_spec=endpoint_spec(word.ports, word.public_ports),
        update_config=update_config(_STEPS),
        rollback_config=rollback_config(_STEPS),
        converge_config=converge_config(timeout),
    )


def hosts(word: Members, settings: SwarmSettings) -> tuple[str, ...]:
    """Where the members' volumes are. It follows from their own words: what else the stack has does not move data.

    Words with too few hosts are refused, but rendered before the refusals are raised: hence the padding.
    """
    named = word.hosts or settings.nodes
    if word.shard and not word.hosts:
        ring = named[: max(_RING, word.count)]
        first = word.shard.number % len(ring)
        named = (*ring[first:], *ring[:first])
    return (*named, *named[-1:] * word.count)[: word.count]
