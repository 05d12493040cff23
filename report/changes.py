"""The difference of two sides: which resources, which of their properties, and which promises."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from cli.promises import FAULTS
from report.effects import ORDER, Effect, effect
from report.side import Resource, Side

_NOTHING = "(nothing)"
_STORES = {
    "PostgresHA": ("databases", "pg", "switchover"),
    "RedisSentinel": ("caches", "redis", "master stopped"),
    "RabbitMQ": ("brokers", "rabbitmq", "node stopped"),
}
"""Component -> its key in a stack file, how its members are called, and what a rolling change is to it."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that is not the same."""

    op: Literal["+", "~", "-"]
    resource: Resource
    properties: tuple[str, ...] = ()
    """`path: before → after`"""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`effects`: the worst first. `promises`: `component fault: before → after`. `pictures`: before and after, or
    nothing where they are one."""

    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]
    promises: tuple[str, ...]
    new_violations: tuple[str, ...]
    gone_violations: tuple[str, ...]
    pictures: tuple[str, str] = ("", "")

    @property
    def refused_by(self) -> tuple[str, ...]:
        """New violations for which an update is refused."""
        return tuple(one for one in self.new_violations if one.startswith("[mandatory]"))


def difference(base: Side, head: Side) -> Difference:
    """What becomes of the base."""
    pairs = [(base.resources.get(path), head.resources.get(path)) for path in {**base.resources, **head.resources}]
    changed = [(before, after) for before, after in pairs if before is None or after is None or before != after]
    effects = {found for before, after in changed if (found := effect(before, after)) is not None}
    effects |= set(_outages(effects, head.promises))
    was, now = set(base.violations), set(head.violations)
    return Difference(
        changes=tuple(change for pair in changed if (change := _change(*pair)).resource.noticed),
        effects=tuple(sorted(effects, key=lambda one: (ORDER.index(one.noticed), one.component, one.text))),
        promises=tuple(_promises(base.promises, head.promises)) if base.promises else (),
        new_violations=tuple(sorted(now - was)),
        gone_violations=tuple(sorted(was - now)),
        pictures=(base.picture, head.picture) if base.picture != head.picture else ("", ""),
    )


def _outages(effects: Iterable[Effect], promises: Mapping[str, Any]) -> Iterator[Effect]:
    """What it costs that the members of a store restart."""
    for one in effects:
        kind, _, name = one.component.partition(" ")
        if one.noticed != "restarts" or kind not in _STORES:
            continue
        key, members, planned = _STORES[kind]
        outage = promises.get(f"{key}.{name}", {}).get(planned, {}).get("no writes")
        if outage and re.match(rf"`{re.escape(name)}-{members}(-\d+)?`", one.text):
            text = f"no writes for {outage} at most, each time that another member takes over ({planned})"
            yield Effect(noticed="restarts", component=one.component, text=text)


def _change(before: Resource | None, after: Resource | None) -> Change:
    if before is None:
        assert after is not None
        return Change(op="+", resource=after)
    if after is None:
        return Change(op="-", resource=before)
    return Change(op="~", resource=after, properties=tuple(_properties(before.inputs, after.inputs)))


def _properties(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Every leaf that differs. A text of several lines is told by the lines that differ."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _properties(before.get(key, _NOTHING), after.get(key, _NOTHING), f"{path}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list):
        for index, (was, now) in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
            yield from _properties(was, now, f"{path}[{index}]")
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        was, now = before.splitlines(), after.splitlines()
        yield from (f"{path}: - {line}" for line in was if line not in now)
        yield from (f"{path}: + {line}" for line in now if line not in was)
    else:
        yield f"{path}: {before} → {after}"


def _promises(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for component in sorted({*before, *after}):
        was, now = before.get(component, {}), after.get(component, {})
        for fault in [*now, *(one for one in was if one not in now)]:
            for what in {**was.get(fault, {}), **now.get(fault, {})}:
                old, new = was.get(fault, {}).get(what, ""), now.get(fault, {}).get(what, "")
                if old != new and what in (fault, *FAULTS):
                    called = "" if what == fault else f", {what}"
                    yield f"{component} {fault}{called}: {old or _NOTHING} → {new or _NOTHING}"
