"""Whether the nodes of a Swarm have the labels that a stack places its parts by."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from components.app_tier.settings import AppTierSettings
from components.placement import PlacementSettings
from composition.kinds import components
from composition.stack import Stack
from platforms.swarm.settings import SwarmSettings
from settings.base import Settings

Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Labels that one part of a stack asks for. `hosts` are those that must have them; empty: any one node."""

    path: str
    labels: Labels
    hosts: tuple[str, ...] = ()


def wishes(stack: Stack) -> Iterator[Wish]:
    """Every part with a `placement`, at whatever depth of a component."""
    assert isinstance(stack.platform, SwarmSettings)
    for _, part in components(stack):
        for path, settings in _placed(part.origin.path, part.settings):
            yield Wish(path=path, labels=settings.placement.labels, hosts=_pinned(settings, stack.platform.nodes))


def _placed(path: str, settings: Settings) -> Iterator[tuple[str, Any]]:
    if isinstance(getattr(settings, "placement", None), PlacementSettings):
        yield path, settings
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Settings):
            yield from _placed(f"{path}.{name}", value)


def _pinned(settings: Any, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Where members with data live; nothing for replicas without."""
    if isinstance(settings, AppTierSettings):
        return (settings.hosts or nodes[: settings.count]) if settings.volumes else ()
    if hasattr(settings, "hosts"):
        return settings.hosts or nodes[: settings.members]
    if hasattr(settings, "host"):
        return (settings.host or nodes[0],)
    return ()


def lacking(wishes: Iterator[Wish], nodes: Mapping[str, Labels]) -> tuple[list[str], list[str]]:
    """What is wrong with the labels of `nodes` (by hostname), and the commands that put it right."""
    problems, commands = [], []
    for wish in wishes:
        if not wish.labels:
            continue
        missing = {host: _missing(wish.labels, nodes.get(host, {})) for host in wish.hosts or nodes}
        wanted = ", ".join(f"{key}={value}" for key, value in sorted(wish.labels.items()))
        if not wish.hosts:
            if all(missing.values()):
                problems.append(
                    f"{wish.path}.placement.labels: no node has {wanted}; add them to a node that may run it."
                )
                commands.append(_command(wish.labels, "NODE"))
            continue
        for host, labels in missing.items():
            if labels:
                problems.append(f"{wish.path}.placement.labels: {host} runs a member and lacks {wanted}.")
                commands.append(_command(labels, host))
    return problems, list(dict.fromkeys(commands))


def check_labels(stack: Stack, hosts: Hosts) -> None:
    """Raises CommandError where a part's labels are on no node that it may run on, with the commands to run."""
    if not any(wish.labels for wish in wishes(stack)):
        return
    with answering(hosts):
        found = docker_client(hosts).nodes()
    nodes = {node["Description"]["Hostname"]: node["Spec"].get("Labels") or {} for node in found}
    problems, commands = lacking(wishes(stack), nodes)
    if problems:
        raise CommandError("\n".join([*problems, "On a manager, run:", *(f"  {command}" for command in commands)]))


def _missing(wanted: Labels, there: Labels) -> Labels:
    return {key: value for key, value in wanted.items() if there.get(key) != value}


def _command(labels: Labels, host: str) -> str:
    added = " ".join(f"--label-add {shlex.quote(f'{key}={value}')}" for key, value in sorted(labels.items()))
    return f"docker node update {added} {host}"
