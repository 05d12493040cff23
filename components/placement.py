"""Where a component's members live, as a stack file says it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo

from model import Toleration
from settings.base import Settings
from settings.references import label_key
from settings.types import Hostname

LabelKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
    ),
    AfterValidator(label_key),
]
"""The key of a node's label: `node-type`, or with a domain before it `example.com/node-type`."""

LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]
"""The value of a node's label; on Kubernetes it may be empty."""


def _of_people(key: str) -> str:
    if key.startswith(_OWN_TAINTS):
        raise ValueError(
            f"Kubernetes itself taints nodes with `{_OWN_TAINTS}` when they are lost, full or drained, and replicas "
            "must leave those; name a taint that people gave"
        )
    return key


_OWN_TAINTS = "node.kubernetes.io/"


class TolerationSettings(Settings):
    """A taint of nodes that does not keep it away (Kubernetes)."""

    key: Annotated[LabelKey, AfterValidator(_of_people)]
    """The taint's key: `node-type`."""

    value: LabelValue | None = None
    """Its value; default: any."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Its effect; default: any."""


class PlacementSettings(Settings):
    """On which hosts it may run."""

    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """Labels that a host must have, all of them: `node-type: database`. Where no host has them nothing starts."""

    tolerations: tuple[TolerationSettings, ...] = ()
    """Kubernetes: taints that do not keep it away, for nodes that are reserved: `[{key: node-type, value: database}]`.
    They permit such nodes and choose none: `labels` do that."""

    @property
    def tolerated(self) -> tuple[Toleration, ...]:
        """The taints, as words take them."""
        return tuple(Toleration(**one.model_dump()) for one in self.tolerations)


def voters(members: int) -> int:
    """Members of what decides who the primary is: two could not outvote anybody when one is lost."""
    return 3 if members == 2 else members


def _one_for_each_member(hosts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    members, store = info.data.get("members"), info.data.get("store")
    if hosts and members is not None and store is not None and store.members is not None:
        _beside_a_store(hosts, members, store.members, elsewhere=bool(store.hosts))
    elif hosts and members == 2 and len(hosts) != voters(members):
        raise ValueError("name three hosts for 2 `members`: the third has a member of the consensus store alone")
    elif hosts and members is not None and len(hosts) != voters(members):
        raise ValueError(f"name one host for each of the {members} `members`, in the order of their numbers")
    return named_once(hosts)


def _beside_a_store(hosts: tuple[str, ...], members: int, store: int, *, elsewhere: bool) -> None:
    """The servers' hosts, and behind them those that have a member of the store alone."""
    if elsewhere and len(hosts) != members:
        raise ValueError(f"name one host for each of the {members} `members`: `store.hosts` names the store's")
    if not elsewhere and len(hosts) != max(members, store):
        raise ValueError(
            f"name {max(members, store)} hosts for {members} `members` and a store of {store}, or say `store.hosts`"
        )


def named_once(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Two members on one host would be lost together."""
    if len({host.lower() for host in hosts}) != len(hosts):
        raise ValueError("each host is named once: two members on one host are lost together")
    return hosts


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be 1 or 3")
    return value


Members = Annotated[Literal[1, 3], BeforeValidator(_number)]
"""How many members a store has: one, or three to survive the loss of one."""

KEYS = {
    "name": "",
    "count": "members",
    "spread": "members",
    "hosts": "hosts",
    "abandon_data_on": "abandon_data_on",
    "node_labels": "placement.labels",
    "tolerations": "placement.tolerations",
    "volume.size_bytes": "volume",
}
"""Field of Members -> key of a store."""

Hosts = Annotated[tuple[Hostname, ...], AfterValidator(_one_for_each_member)]
"""The host of each member, by its number. Validated with the key `members`, which stands before it."""
