"""One replica on every host."""

from dataclasses import dataclass

import pulumi

from model.container import Container
from model.origin import Origin
from model.port import Port
from model.probe import Probes
from model.tier import Tier


@dataclass(frozen=True, kw_only=True)
class HostPath:
    """A directory of the host, mounted read-only at `mount_path`."""

    host_path: str
    mount_path: str


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Runs once on each host and may read directories of the host."""

    name: str
    origin: Origin
    tier: Tier
    container: Container
    ports: tuple[Port, ...] = ()
    probes: Probes
    host_paths: tuple[HostPath, ...] = ()
    depends_on: tuple[pulumi.Resource, ...] = ()
