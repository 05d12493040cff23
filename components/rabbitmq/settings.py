"""The settings of a RabbitMQ cluster."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from components.contracts import Declared, Terms
from components.copies.settings import CopiesSettings
from components.placement import Hosts, PlacementSettings
from components.rabbitmq.contract import broker_terms
from components.rabbitmq.ports import MANAGEMENT_PORT
from components.rabbitmq.timers import ACK_SECONDS
from components.rabbitmq.tls import BrokerTlsSettings
from components.rabbitmq.vhosts import UserSettings, VhostName, VhostSettings
from components.rotation import RotateSettings
from components.sizes import ResourcesSettings, reserved
from guarantees.objectives import ObjectivesSettings
from model import Resources
from settings.base import Settings
from settings.types import Hostname, MemoryBytes, PortNumber

_DEFAULT_RESOURCES = reserved(cpu_millis=500, memory_bytes=2**30)
"""A node without queues was seen to use 125 MiB."""
_LEAST_MEMORY = 384 * 2**20
"""Three times that: its watermark leaves something for messages."""


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be 1, 3 or 5")
    return value


Nodes = Annotated[Literal[1, 3, 5], BeforeValidator(_number)]
"""An even cluster survives no more losses than the next smaller odd one, and can part into two halves."""


def _free_name(name: str) -> str:
    if name.startswith("ha_") or name == "guest":
        raise ValueError("is a name of RabbitMQ or of the platform: choose another one")
    return name


UserName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,30}$"), AfterValidator(_free_name)]
"""The name of a further user. Those of applications have a `-`."""


class ManagementSettings(Settings):
    """The management page, for operators: users with `tags` log in."""

    port: PortNumber = MANAGEMENT_PORT
    """At this port of the hosts that run a node; what reaches it, and who, is as for the page of Prometheus."""


class RabbitSettings(Settings):
    """One RabbitMQ cluster. Queues are quorum queues, unless somebody says otherwise."""

    members: Nodes = 3
    """Nodes: 1, or 3 to survive the loss of one, or 5 of two. There can be more later, never fewer."""
    hosts: Hosts = ()
    """Swarm: one host for each node, in the order of their numbers; default: the first of `platform.nodes`. A changed
    host moves the node: it copies its queues from the others, and the old volume stays behind."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A move of all nodes, or of the only one, is refused unless this names all
    hosts that they leave."""
    vhost: VhostName = "app"
    """The virtual host that applications use which name the broker alone. It keeps its name: another one is refused."""
    vhosts: dict[VhostName, VhostSettings] = Field(default_factory=dict, max_length=50)
    """Virtual hosts by name: further ones, and what `vhost` has."""
    users: dict[UserName, UserSettings] = Field(default_factory=dict, max_length=100)
    """Further users by name. Users and their permissions are the stack's alone: one that is not here is removed. There
    is no guest."""
    tls: BrokerTlsSettings | None = None
    """Encryption of clients' connections. Default: none."""
    management: ManagementSettings | None = None
    """Publishes the management page. Default: only the stack's own networks reach it."""
    memory_watermark: MemoryBytes | None = None
    """Above this memory a node takes no messages until some were consumed. Default: 60 % of its memory limit."""
    disk_watermark: MemoryBytes | None = None
    """Below this free space a node takes no messages. Default: as much as its memory limit, at most a quarter of
    `volume`."""
    volume: MemoryBytes = Field(default=8 * 2**30, ge=2**30)
    """Size of each node's volume: at least 1Gi."""
    resources: ResourcesSettings | None = None
    """CPU and memory of each node; default 500m and 1Gi, all of it reserved."""
    backups: CopiesSettings | None = None
    """Copies of what applications have declared (queues, exchanges, bindings) in a repository, and of no message.
    Default: none."""
    rotate: RotateSettings = RotateSettings()
    """New passwords in place of those that applications have. The nodes are replaced one at a time for it."""
    objectives: ObjectivesSettings = ObjectivesSettings()
    """What has to hold when something is lost; where it says nothing, the stack's `objectives` do."""

    @model_validator(mode="after")
    def _watermarks_fit(self) -> "RabbitSettings":
        memory = self.node_resources.memory_limit_bytes
        problems = []
        if memory < _LEAST_MEMORY:
            problems.append("`resources.memory_limit` must be 384Mi or more")
        if self.memory_watermark is not None and self.memory_watermark > memory * 8 // 10:
            problems.append(
                f"`memory_watermark` must be 80 % of the memory limit or less ({memory * 8 // 10 // 2**20}Mi): a node "
                "that takes more is killed before it stops taking messages"
            )
        if self.disk_watermark is not None and self.disk_watermark > self.volume // 2:
            problems.append(
                f"`disk_watermark` must be half of `volume` or less ({self.volume // 2 // 2**20}Mi): a node below it "
                "takes no messages"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _permissions_lead(self) -> "RabbitSettings":
        unknown = [
            f"`users.{user}.permissions.{vhost}` is for no virtual host of this broker: it has "
            + ", ".join(self.every_vhost)
            for user, settings in self.users.items()
            for vhost in settings.permissions
            if vhost not in self.every_vhost
        ]
        if unknown:
            raise ValueError("; ".join(unknown))
        return self

    def terms(self) -> Terms:
        """What its contract holds."""
        return broker_terms(self.members, self.tls)

    def roles_of(self, part: str) -> tuple[str, ...]:
        """The further users who may do something in a virtual host: `part`, or the first one."""
        vhost = part or self.vhost
        return tuple(name for name, user in self.users.items() if vhost in user.permissions)

    @property
    def counted(self) -> bool:
        """Its own plugin tells."""
        return True

    def queues_of(self, part: str) -> Mapping[str, Declared]:
        """The queues that the file makes in a virtual host: `part`, or the first one."""
        name = part or self.vhost
        vhost = self.every_vhost[name] if name in self.every_vhost else VhostSettings()
        return {
            queue: Declared(one.type, ("vhosts", name, "queues", queue), queue not in vhost.unread)
            for queue, one in vhost.queues.items()
        }

    def ack_seconds(self, part: str, queue: str) -> int:
        """How long a message may be unacknowledged."""
        vhost = self.every_vhost.get(part or self.vhost)
        milliseconds = vhost.consumer_timeout_ms(queue) if vhost else None
        return ACK_SECONDS if milliseconds is None else milliseconds // 1000

    @property
    def fixed(self) -> dict[str, str]:
        """What messages are under: they do not move when another value is written."""
        return {"vhost": self.vhost}

    @property
    def every_vhost(self) -> dict[str, VhostSettings]:
        """The first one, and the others."""
        return {self.vhost: self.vhosts.get(self.vhost, VhostSettings())} | self.vhosts

    @property
    def further_vhosts(self) -> tuple[str, ...]:
        """All but the first one."""
        return tuple(name for name in self.vhosts if name != self.vhost)

    @property
    def node_resources(self) -> Resources:
        """Of each node."""
        return self.resources.resources() if self.resources else _DEFAULT_RESOURCES

    @property
    def memory_watermark_bytes(self) -> int:
        """Above it a node takes no messages."""
        return self.memory_watermark or self.node_resources.memory_limit_bytes * 6 // 10

    @property
    def disk_watermark_bytes(self) -> int:
        """Below it a node takes no messages."""
        return self.disk_watermark or min(self.node_resources.memory_limit_bytes, self.volume // 4)

    @property
    def majority(self) -> int:
        """Nodes that a quorum queue needs."""
        return self.members // 2 + 1
