"""An agent as a global service."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import pulumi_docker as docker

from model import Agent
from platforms import mounts, ports, process
from platforms.base import Refused
from platforms.shared import recorded
from platforms.swarm.container import Task, task_spec
from platforms.swarm.entry import endpoint_spec
from platforms.swarm.names import ORIGIN_LABEL, Names, service_labels
from platforms.swarm.probe import healthcheck
from platforms.swarm.rollout import Steps, update_config
from platforms.swarm.settings import SwarmSettings
from platforms.swarm.volume import host_mount
from platforms.swarm.workload import port_labels


def refusals(word: Agent) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.refusals(word.container)
    yield from mounts.refusals(word.container, host_paths=word.host_paths)
    yield from ports.refusals(word.ports)


def service(
    word: Agent,
    *,
    names: Names,
    settings: SwarmSettings,
    networks: Sequence[docker.ServiceTaskSpecNetworksAdvancedArgs],
    labels: Mapping[str, str] = MappingProxyType({}),
) -> docker.ServiceArgs:
    """One task a host. The provider does not wait for global services, so nothing may depend on an agent's health."""
    labels = {ORIGIN_LABEL: str(word.origin), **port_labels(word.ports), **recorded(word.container), **labels}
    return docker.ServiceArgs(
        name=names.service(word.name),
        labels=service_labels(names.labels(word.name, labels)),
        mode=docker.ServiceModeArgs(global_=True),
        task_spec=task_spec(
            Task(
                container=word.container,
                labels=names.labels(word.name),
                healthcheck=healthcheck(word.probes, word.container),
                mounts=[host_mount(path) for path in word.host_paths],
            ),
            settings,
            networks=networks,
        ),
        endpoint_spec=endpoint_spec(),
        update_config=update_config(Steps(), failure_action="pause"),
    )
