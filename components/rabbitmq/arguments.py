"""Arguments of queues, and what policies may say: which there are, for which type, of which form.

Sources: `rabbit_amqqueue.erl` and the `capabilities` of each queue type in RabbitMQ 4.0.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

QueueType = Literal["quorum", "classic", "stream"]
Value = bool | int | str

_NUMBER, _TEXT, _SWITCH = int, str, bool
_EVERY: dict[str, type] = {"x-max-length-bytes": _NUMBER, "x-queue-leader-locator": _TEXT}
_NO_STREAM: dict[str, type] = {
    "x-dead-letter-exchange": _TEXT,
    "x-dead-letter-routing-key": _TEXT,
    "x-expires": _NUMBER,
    "x-max-length": _NUMBER,
    "x-message-ttl": _NUMBER,
    "x-overflow": _TEXT,
    "x-single-active-consumer": _SWITCH,
}
ARGUMENTS: Mapping[QueueType, Mapping[str, type]] = {
    "quorum": _EVERY
    | _NO_STREAM
    | {"x-dead-letter-strategy": _TEXT, "x-delivery-limit": _NUMBER, "x-quorum-initial-group-size": _NUMBER},
    "classic": _EVERY | _NO_STREAM | {"x-max-priority": _NUMBER},
    "stream": _EVERY
    | {"x-initial-cluster-size": _NUMBER, "x-max-age": _TEXT, "x-stream-max-segment-size-bytes": _NUMBER},
}
"""Type of a queue -> argument -> what its value is."""
_WORDS: Mapping[str, tuple[str, ...]] = {
    "overflow": ("drop-head", "reject-publish"),
    "dead-letter-strategy": ("at-most-once", "at-least-once"),
    "queue-leader-locator": ("client-local", "balanced"),
}
_POLICY: Mapping[str, type] = {
    name.removeprefix("x-"): type_ for arguments in ARGUMENTS.values() for name, type_ in arguments.items()
} | {"alternate-exchange": _TEXT, "consumer-timeout": _NUMBER}
_ONLY_ARGUMENTS = ("single-active-consumer", "max-priority", "quorum-initial-group-size", "initial-cluster-size")
POLICY = {name: type_ for name, type_ in _POLICY.items() if name not in _ONLY_ARGUMENTS}
"""What a policy may say -> what its value is."""


def argument_problems(type_: QueueType, arguments: Mapping[str, Value]) -> Iterator[str]:
    """What is wrong with a queue's arguments, each with its name first."""
    known = ARGUMENTS[type_]
    for name, value in arguments.items():
        if name not in known:
            others = [other for other, theirs in ARGUMENTS.items() if name in theirs]
            reason = f"a {type_} queue has no such argument"
            yield f"`{name}`: {reason}" + (f"; a {others[0]} one has" if others else f". It has {', '.join(known)}")
        elif problem := value_problem(name.removeprefix("x-"), value, known[name]):
            yield f"`{name}`: {problem}"


def policy_problems(definition: Mapping[str, Value]) -> Iterator[str]:
    """The same of a policy's definition."""
    for name, value in definition.items():
        if name not in POLICY:
            yield f"`{name}`: is nothing that a policy says. There are {', '.join(POLICY)}"
        elif problem := value_problem(name, value, POLICY[name]):
            yield f"`{name}`: {problem}"


def value_problem(name: str, value: Value, type_: type) -> str:
    """Why it is no value of this argument; empty if it is one."""
    if type(value) is not type_:
        return f"must be {({int: 'a whole number', str: 'a text', bool: '`true` or `false`'})[type_]}"
    most = 2**63 - 1 if name.endswith("bytes") else 2**31 - 1
    if isinstance(value, int) and type_ is int and not 0 <= value <= most:
        return f"must be 0 to {most}"
    if (words := _WORDS.get(name)) and value not in words:
        return f"must be {' or '.join(words)}"
    return ""
