"""What the components of a stack promise, and what they miss."""

from collections.abc import Iterator
from typing import Any

from components.kind import Part
from composition.kinds import components
from composition.stack import Stack
from guarantees.capacity import needed
from guarantees.connections import Connections
from guarantees.drain import Chain
from guarantees.promise import Promise
from guarantees.surroundings import Surroundings
from guarantees.topology import Group, HostLost, host_lost
from settings.base import Settings


def each_promise(stack: Settings, around: Surroundings) -> Iterator[tuple[Part[Any], list[Promise]]]:
    """Every component that promises something."""
    for kind, part in components(stack):
        if found := [*kind.guarantees(part.settings, around)]:
            yield part, found


Said = dict[str, dict[str, dict[str, str]]]
"""Path of a component -> fault -> what it may do, in words."""


CONNECTIONS, DRAIN, HOSTS, NEEDED, REPLICAS = "connections", "drain", "hosts", "needed", "replicas"


def each_budget(stack: Settings) -> Iterator[tuple[Part[Any], Connections]]:
    """Everything whose connections are counted, with its clients. `<component>/<part>` is in the component."""
    parts = [*components(stack)]
    pools = [pool for kind, part in parts for pool in kind.pools(part)]
    for kind, part in parts:
        for limit in kind.connections(part.settings):
            own = [one for one in pools if one.server.partition("/")[0] == part.name and one.door == limit.door]
            yield part, Connections(limit=limit, pools=own)


def each_chain(stack: Settings) -> Iterator[tuple[str, Chain]]:
    """Every component that passes requests on, by its path, with those behind it."""
    drains = {part.name: (part, drain) for kind, part in components(stack) if (drain := kind.drain(part))}
    for part, front in drains.values():
        if front.serves:
            yield part.origin.path, Chain(front=front, behind=[drains[name][1] for name in front.serves])


def each_group(stack: Settings, around: Surroundings) -> list[Group]:
    """The processes of all components."""
    return [group for kind, part in components(stack) for group in kind.groups(part, around)]


def each_host(stack: Settings, around: Surroundings) -> Iterator[HostLost]:
    """What is left when it is lost; where members do not stay on hosts by their names, of any."""
    groups = each_group(stack, around)
    for host in around.names or ("any",):
        yield host_lost(host, groups, around.hosts, together=around.together)


def promised(stack: Stack) -> Said:
    """Everything that the stack promises."""
    around = stack.platform.surroundings()
    said: Said = {
        part.origin.path: {one.fault: one.said() for one in found} for part, found in each_promise(stack, around)
    }
    for part, budget in each_budget(stack):
        said.setdefault(part.origin.path, {})[budget.name] = budget.said()
    for path, chain in each_chain(stack):
        said.setdefault(path, {})[DRAIN] = chain.said(around)
    for kind, part in components(stack):
        if line := kind.follows(part.settings):
            said.setdefault(part.origin.path, {})[REPLICAS] = {REPLICAS: line}
    said[HOSTS] = {f"{one.host} lost": one.said() for one in each_host(stack, around)}
    if around.hosts:
        reserved = needed(each_group(stack, around), around.names, around.hosts)
        while_lost = ", while another one is lost" if around.hosts > 1 else ""
        said[HOSTS][NEEDED] = {NEEDED: f"{reserved} on each for what is reserved{while_lost}"}
    return said
