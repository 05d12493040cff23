"""A workload as a replicated service."""

import math
from collections.abc import Iterator, Sequence

import pulumi_docker as docker

from model import Port, Workload
from platforms import mounts, ports, process, rollouts
from platforms.base import Refused
from platforms.shared import recorded
from platforms.swarm import account, priority, scaling
from platforms.swarm.container import Task, task_spec
from platforms.swarm.entry import cloud_refusals, endpoint_spec, entry_labels, front_refusals
from platforms.swarm.names import ORIGIN_LABEL, Names, service_labels
from platforms.swarm.placement import label_constraints, label_refusals, toleration_refusals
from platforms.swarm.probe import healthcheck
from platforms.swarm.rollout import Steps, converge_config, rollback_config, update_config
from platforms.swarm.settings import SwarmSettings


def refusals(word: Workload, settings: SwarmSettings) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.refusals(word.container)
    yield from mounts.refusals(word.container)
    yield from ports.refusals(word.ports, word.public_ports)
    yield from scaling.refusals(word)
    yield from cloud_refusals(word)
    yield from front_refusals(word)
    yield from account.refusals(word.account_annotations)
    yield from priority.refusals(word.priority)
    yield from label_refusals(word.node_labels)
    yield from toleration_refusals(word.tolerations)
    hosts, most = len(settings.nodes), most_replicas(word)
    extra = word.rollout.parallelism if _starts_first(word) else 0
    if word.spread == "require" and not word.public_ports and most + extra > hosts:
        room = f"{most} replicas" + (f" and {extra} more during a rollout" if extra else "")
        yield Refused(
            "spread",
            most,
            f"{room} need a host each, and `platform.nodes` has {hosts}; add nodes, set fewer replicas, or say "
            "`spread: prefer` where there is that key",
        )
    if word.public_ports and most > hosts:
        yield Refused(
            "scaling.max_replicas" if word.scaling else "replicas",
            most,
            f"each replica owns its published ports on a host, and `platform.nodes` has {hosts}; set at most that many",
        )
    if word.public_ports and word.rollout.parallelism > 1:
        yield Refused(
            "rollout.parallelism",
            word.rollout.parallelism,
            "replicas that own host ports stop before the new ones start, so one at a time; set 1",
        )
    yield from rollouts.refusals(word.rollout, word.probes)


def most_replicas(word: Workload) -> int:
    """The most that are wanted at one time."""
    return word.scaling.max_replicas if word.scaling else word.replicas


def service(
    word: Workload,
    *,
    names: Names,
    settings: SwarmSettings,
    networks: Sequence[docker.ServiceTaskSpecNetworksAdvancedArgs],
    replicas: int | None = None,
) -> docker.ServiceArgs:
    """The whole service. It converges when each replica is ready; a bad update rolls back by itself. `replicas`: other
    than the word's, where a scaler chose them."""
    labels = {
        ORIGIN_LABEL: str(word.origin),
        **port_labels(word.ports),
        **entry_labels(word.public_ports, settings),
        **recorded(word.container),
        **scaling.labels(word.scaling),
    }
    steps = Steps(
        parallelism=word.rollout.parallelism,
        start_first=_starts_first(word),
        delay_seconds=word.rollout.stable_seconds,
        monitor_seconds=word.rollout.stable_seconds + 1,
    )
    return docker.ServiceArgs(
        name=names.service(word.name),
        labels=service_labels(names.labels(word.name, labels)),
        mode=docker.ServiceModeArgs(replicated=docker.ServiceModeReplicatedArgs(replicas=replicas or word.replicas)),
        task_spec=task_spec(
            Task(
                container=word.container,
                labels=names.labels(word.name),
                healthcheck=healthcheck(word.probes, word.container),
            ),
            settings,
            networks=networks,
            placement=_placement(word, len(settings.nodes)),
        ),
        endpoint_spec=endpoint_spec(word.ports, word.public_ports),
        update_config=update_config(steps),
        rollback_config=rollback_config(steps),
        converge_config=converge_config(
            rollouts.total_seconds(
                word.rollout,
                word.probes,
                replicas=most_replicas(word),
                stop_seconds=0 if _starts_first(word) else word.container.stop.grace_seconds,
            )
        ),
    )


def port_labels(ports: Sequence[Port]) -> dict[str, str]:
    """Ports inside a network need nothing on Swarm; the labels tell a reader of `docker service inspect`."""
    return {f"ha-platform.port.{port.name}": str(port.number) for port in ports}


def _starts_first(word: Workload) -> bool:
    return word.rollout.order == "start-first" and not word.public_ports


def _placement(word: Workload, hosts: int) -> docker.ServiceTaskSpecPlacementArgs | None:
    """Swarm itself prefers the host with the fewest replicas of a service; a limit keeps it so when one is lost.

    The limit leaves space on all hosts but one for every replica and those that an update adds: a tighter one blocks
    updates, and a lost host's replicas. How many hosts have the wanted labels is not known here: no limit then.
    (The scheduler spreads by labels only: `spread=node.id` does nothing.)
    """
    constraints = label_constraints(word.node_labels) or None
    limit = None
    if word.spread == "require" or word.public_ports:
        limit = 1
    elif hosts > 1 and not constraints:
        most = most_replicas(word)  # a limit that follows the count would restart replicas whenever it is scaled
        room = math.ceil((most + word.rollout.parallelism) / (hosts - 1))
        limit = room if room < most else None
    if limit is None and constraints is None:
        return None
    return docker.ServiceTaskSpecPlacementArgs(constraints=constraints, max_replicas=limit)
