"""What a virtual host has, and who may use it."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.rabbitmq.arguments import QueueType, Value, argument_problems, policy_problems
from settings.base import Settings
from settings.types import SecretName

VhostName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""The name of a virtual host: an application's `uses` name it `<broker>/<vhost>`."""


def _not_own(name: str) -> str:
    if name.startswith("amq."):
        raise ValueError("begins with `amq.`, which is RabbitMQ's own")
    return name


ThingName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,126}$"), AfterValidator(_not_own)]
"""The name of a queue, an exchange or a policy."""

RoutingKey = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,255}$")]
_BUILT_IN = frozenset({"amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"})


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


Pattern = Annotated[str, StringConstraints(max_length=250, pattern=r"^[\x20-\x7e]*$"), AfterValidator(_pattern)]
"""A regular expression. RabbitMQ looks for it anywhere in a name: `^` and `$` are yours."""


class QueueSettings(Settings):
    """A queue. It is durable."""

    type: QueueType = "quorum"
    """`quorum`: a copy on every member, and a confirmed message is on a majority. `classic`: on one member alone, and
    gone for as long as that one is. `stream`: a log that consumers read from any place, on every member."""
    auto_delete: bool = Field(default=False, strict=True)
    """Deleted when its last consumer leaves. Classic queues alone have that."""
    arguments: dict[str, Value] = Field(default_factory=dict, max_length=20)
    """RabbitMQ's own, by name (`x-delivery-limit: 5`)."""

    @model_validator(mode="after")
    def _has_them(self) -> "QueueSettings":
        if self.auto_delete and self.type != "classic":
            raise ValueError(f"`auto_delete` is for classic queues: a {self.type} queue stays")
        if problems := [*argument_problems(self.type, self.arguments)]:
            raise ValueError("; ".join(f"`arguments`: {problem}" for problem in problems))
        return self


class ExchangeSettings(Settings):
    """An exchange. It is durable."""

    type: Literal["direct", "fanout", "topic", "headers"]
    """How it chooses queues."""


class BindingSettings(Settings):
    """What an exchange passes on to a queue."""

    exchange: str
    """Its name: one of `exchanges`, or one of RabbitMQ's own (`amq.topic`)."""
    queue: str
    """Its name: one of `queues`."""
    routing_key: RoutingKey = ""
    """Which messages; for a topic exchange a pattern (`orders.*`)."""


class PolicySettings(Settings):
    """What holds for all queues or exchanges whose name fits."""

    pattern: Pattern
    """A regular expression for names."""
    apply_to: Literal["queues", "exchanges", "all", "quorum_queues", "classic_queues", "streams"] = "queues"
    """To what."""
    priority: int = Field(default=0, ge=0, le=1000, strict=True)
    """Of several policies that fit, the one with the highest holds."""
    definition: dict[str, Value] = Field(min_length=1, max_length=20)
    """What they have: `{max-length: 100000, overflow: reject-publish}`."""

    @model_validator(mode="after")
    def _known(self) -> "PolicySettings":
        if problems := [*policy_problems(self.definition)]:
            raise ValueError("; ".join(f"`definition`: {problem}" for problem in problems))
        return self


class VhostSettings(Settings):
    """A virtual host: names of its own for queues and exchanges. What stands here is made when it is missing, and never
    removed; applications may declare more."""

    queues: dict[ThingName, QueueSettings] = Field(default_factory=dict, max_length=500)
    """Queues by name. One that is there already in another form is refused: its member is not ready, and says so."""
    exchanges: dict[ThingName, ExchangeSettings] = Field(default_factory=dict, max_length=500)
    """Exchanges by name."""
    bindings: tuple[BindingSettings, ...] = Field(default=(), max_length=1000)
    """Which exchange passes on what to which queue."""
    policies: dict[ThingName, PolicySettings] = Field(default_factory=dict, max_length=100)
    """Policies by name. They are the stack's alone: one that is not here is removed."""

    @model_validator(mode="after")
    def _bindings_lead(self) -> "VhostSettings":
        if problems := [*self._lost_bindings()]:
            raise ValueError("; ".join(problems))
        return self

    @property
    def unread(self) -> frozenset[str]:
        """Queues that need no consumer: for dead letters, and those that pass messages on when their time is over."""
        said = [
            {name.removeprefix("x-"): value for name, value in arguments.items()}
            for arguments in (
                *(queue.arguments for queue in self.queues.values()),
                *(policy.definition for policy in self.policies.values()),
            )
        ]
        dead = {one["dead-letter-exchange"] for one in said if "dead-letter-exchange" in one}
        bound = {binding.queue for binding in self.bindings if binding.exchange in dead}
        keyed = {str(one["dead-letter-routing-key"]) for one in said if "dead-letter-routing-key" in one}
        passing = {
            name
            for name, queue in self.queues.items()
            if {"x-message-ttl", "x-dead-letter-exchange"} <= queue.arguments.keys()
        }
        return frozenset(bound | keyed | passing)

    def consumer_timeout_ms(self, queue: str) -> int | None:
        """What the policy that holds for a quorum queue says."""
        held = [
            policy
            for policy in self.policies.values()
            if policy.apply_to in ("queues", "all", "quorum_queues") and re.search(policy.pattern, queue)
        ]
        value = max(held, key=lambda one: one.priority).definition.get("consumer-timeout") if held else None
        return value if isinstance(value, int) else None

    def _lost_bindings(self) -> Iterator[str]:
        for index, binding in enumerate(self.bindings):
            if binding.exchange not in self.exchanges and binding.exchange not in _BUILT_IN:
                yield f"`bindings[{index}].exchange` names no exchange of this virtual host: `{binding.exchange}`"
            if binding.queue not in self.queues:
                yield f"`bindings[{index}].queue` names no queue of this virtual host: `{binding.queue}`"


class PermissionSettings(Settings):
    """What a user may do in a virtual host: regular expressions for names of queues and exchanges."""

    configure: Pattern = "^$"
    """Which it may make and delete. Default: none."""
    write: Pattern = "^$"
    """Into which it may publish, or bind. Default: none."""
    read: Pattern = "^$"
    """From which it may consume. Default: none."""


class UserSettings(Settings):
    """A further user: a person, or an application that logs in as it by `role` in its `uses`."""

    tags: tuple[Literal["management", "policymaker", "monitoring", "administrator"], ...] = ()
    """What it may see and do in the management page. Default: nothing, it is closed."""
    password: SecretName | None = None
    """The given secret that holds the password: for a person, who has to know it. Default: a generated one."""
    permissions: dict[VhostName, PermissionSettings] = Field(default_factory=dict)
    """What it may do, for each virtual host that it may use."""
