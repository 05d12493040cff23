"""What a person says about a Docker Swarm."""

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from guarantees.surroundings import Surroundings
from model.tier import Tier
from settings.base import Settings
from settings.references import docker_host
from settings.types import Hostname

DockerHost = Annotated[
    str, StringConstraints(pattern=r"^(unix:///.+|(tcp|ssh)://[^\s/]+.*)$"), AfterValidator(docker_host)
]
SMALLEST_SUBNET = 27
"""Prefix length: every task takes an address, and so does every node with a task, the gateway and the network itself;
30 are the fewest that an update of a small stack does not run out of. Docker gives 254 (/24) unasked."""
RESTART_MILLIS = 2_000
"""Between the end of a task and the start of the next one: without a pause, one that cannot start takes the CPU from
those that can."""
MEMBER_RESTART_MILLIS = 1_000
"""The same for members: while one that leads is away nobody writes, and there are few of them. Not less: Sentinels with
`fast` miss a master after a second, and it is not to come back, at another address, while they do."""
ResolverOption = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(:[0-9]+)?$")]
Entry = Literal["vip", "dns", "outer-balancer", "single-host"]


class SwarmSettings(Settings):
    """An existing Docker Swarm; the program talks to one of its managers."""

    kind: Literal["swarm"]
    host: DockerHost | None = None
    """The manager's Docker API (`unix://`, `tcp://` or `ssh://`); default: what `DOCKER_HOST` names."""
    nodes: Annotated[tuple[Hostname, ...], Field(min_length=1)]
    """The hostnames of all nodes that run tasks, as `docker node ls` shows them. Members of a component without `hosts`
    run on the first of them, in this order. The number of nodes decides how replicas spread."""
    encrypt_overlays: bool = True
    """Traffic between hosts is encrypted by IPsec. A kernel without ESP carries nothing over an encrypted overlay."""
    entry: Entry
    """How clients reach the hosts: a `vip` that moves between them, `dns` with one record per host, an `outer-balancer`
    in front, or a `single-host`. You provide it; the platform only uses this to say what it does not cover."""
    nameservers: tuple[IPv4Address, ...] = ()
    """Where containers look up names outside the Swarm; default: what each host's resolver uses."""
    resolver_options: tuple[ResolverOption, ...] = ("timeout:1", "attempts:1")
    """Options of resolv.conf in every container. When a task is gone, its name is looked up at the outer nameserver.
    With the defaults of the C library an unreachable nameserver delays a look-up, and so a failover, by 20 seconds."""
    subnets: dict[Tier, IPv4Network] = Field(default_factory=dict)
    """The overlay subnet of a tier; default: the next free one of the Swarm's address pool."""

    @field_validator("nodes")
    @classmethod
    def _unique(cls, nodes: tuple[str, ...]) -> tuple[str, ...]:
        if len({node.lower() for node in nodes}) != len(nodes):
            raise ValueError("each node is named once")
        return nodes

    @field_validator("subnets")
    @classmethod
    def _subnets_can_be_used(cls, subnets: dict[Tier, IPv4Network]) -> dict[Tier, IPv4Network]:
        seen: dict[Tier, IPv4Network] = {}
        for tier, subnet in subnets.items():
            if subnet.prefixlen > SMALLEST_SUBNET:
                raise ValueError(f"`{tier}`: {subnet} is smaller than /{SMALLEST_SUBNET}: tasks would find no address")
            if not subnet.is_private or subnet.is_loopback or subnet.is_link_local or subnet.is_multicast:
                raise ValueError(f"`{tier}`: {subnet} is not a private range (10/8, 172.16/12, 192.168/16)")
            for other, taken in seen.items():
                if subnet.overlaps(taken):
                    raise ValueError(f"`{tier}` ({subnet}) and `{other}` ({taken}) overlap")
            seen[tier] = subnet
        return subnets

    @model_validator(mode="after")
    def _one_host(self) -> "SwarmSettings":
        if self.entry == "single-host" and len(self.nodes) > 1:
            raise ValueError("`entry: single-host` goes with one node; with more say `vip`, `dns` or `outer-balancer`")
        return self

    def surroundings(self) -> Surroundings:
        """A container that is gone has no name in the Swarm's own DNS, so its name goes to the outer nameservers. A new
        one has the next free address."""
        options = dict(option.partition(":")[::2] for option in self.resolver_options)
        timeout, attempts = int(options.get("timeout") or 5), int(options.get("attempts") or 2)
        return Surroundings(
            restart_millis=MEMBER_RESTART_MILLIS,
            restart_source="the Swarm's restart policy for members",
            start_millis=2_000,
            start_source="measured: a task is made and has its network within 1 to 2 s",
            look_up_millis=timeout * attempts * max(1, len(self.nameservers)) * 1000,
            look_up_source="`platform.resolver_options`, for each of `platform.nameservers`",
            stable_addresses=False,
            hosts=len(self.nodes),
            names=self.nodes,
        )
