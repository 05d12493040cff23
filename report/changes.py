"""The difference of two sides: which resources, which of their properties, and which promises."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from cli.promises import FAULTS
from composition.promises import CONNECTIONS
from report.effects import ORDER, Effect, effects
from report.requests import compared, requests
from report.requests import said as said_of
from report.side import Resource, Side

_NOTHING = "(nothing)"
_NAMES = ("fileName", "mountPath", "name", "target")
"""What tells the items of a list apart, in Swarm's and Kubernetes' words."""
_STORES = {
    "PostgresHA": ("databases", "pg", "switchover"),
    "RedisSentinel": ("caches", "redis", "master stopped"),
    "RedisCluster": ("clusters", r"redis-\d+", "master stopped"),
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
class Promised:
    """One promise that is another one. `what`: of writes that are away, or lost; empty: of nothing of both."""

    component: str
    fault: str
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        called = f", {self.what}" if self.what else ""
        became = f"{self.before} → {self.after or _NOTHING}" if self.before else f"new, {self.after}"
        return f"{self.component} {self.fault}{called}: {became}"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`effects`: the worst first. `budgets`: connections of servers, and `requests` what is reserved, before and after.
    `refused_by`: violations of the new tree for which an update is refused, new ones or not. `pictures`: before and
    after, or nothing where they are one."""

    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]
    promises: tuple[Promised, ...] = ()
    budgets: tuple[str, ...] = ()
    requests: str = ""
    new_violations: tuple[str, ...] = ()
    gone_violations: tuple[str, ...] = ()
    refused_by: tuple[str, ...] = ()
    pictures: tuple[str, str] = ("", "")


def difference(base: Side, head: Side) -> Difference:
    """What becomes of the base."""
    pairs = [(base.resources.get(path), head.resources.get(path)) for path in {**base.resources, **head.resources}]
    changed = [(old, new) for old, new in pairs if old is None or new is None or old != new]
    found = {one for old, new in changed for one in effects(old, new)}
    found |= set(_outages(found, head.promises))
    was, now = set(base.violations), set(head.violations)
    before, after = (requests(one.resources.values()) for one in (base, head))
    reserved = compared(before, after) if base.resources else said_of(after)
    return Difference(
        changes=tuple(change for pair in changed if (change := _change(*pair)).resource.noticed),
        effects=tuple(sorted(found, key=lambda one: (ORDER.index(one.noticed), one.component, one.text))),
        promises=tuple(_promises(base.promises, head.promises)) if base.promises else (),
        budgets=tuple(_budgets(base.promises, head.promises)) if base.promises else (),
        requests=reserved,
        new_violations=tuple(sorted(now - was)),
        gone_violations=tuple(sorted(was - now)),
        refused_by=tuple(sorted(one for one in now if one.startswith("[mandatory]"))),
        pictures=(base.picture, head.picture) if base.picture != head.picture else ("", ""),
    )


def _outages(found: Iterable[Effect], promises: Mapping[str, Any]) -> Iterator[Effect]:
    """What it costs that the members of a store restart."""
    for one in found:
        kind, _, name = one.component.partition(" ")
        if one.noticed not in ("restarts", "data") or kind not in _STORES:
            continue
        key, members, planned = _STORES[kind]
        if not re.match(rf"`{re.escape(name)}-{members}(-\d+)?`(, | moves)", one.text):
            continue
        outage = promises.get(f"{key}.{name}", {}).get(planned, {}).get("no writes")
        if outage:
            text = f"no writes to `{name}` for {outage} at most, each time that another member takes over"
            yield Effect(noticed="restarts", component=one.component, text=f"{text} ({planned})", felt=text)
        elif promises.get(f"{key}.{name}") is not None or "1 replica" in one.text:
            text = f"`{name}` is away while its only member restarts"
            yield Effect(noticed="restarts", component=one.component, text=text, felt=text)


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
    elif (names := _named(before, after)) is not None:
        olds, news = ({one[names]: one for one in side} for side in (before, after))
        for name in sorted({*olds, *news}):
            if name in olds and name in news:
                yield from _properties(olds[name], news[name], f"{path}[{name}]")
            else:
                yield f"{path}[{name}]: {'removed' if name in olds else 'new'}"
    elif isinstance(before, list) and isinstance(after, list):
        for index, (was, now) in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
            yield from _properties(was, now, f"{path}[{index}]")
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        was, now = before.splitlines(), after.splitlines()
        yield from (f"{path}: - {line}" for line in was if line not in now)
        yield from (f"{path}: + {line}" for line in now if line not in was)
    else:
        yield f"{path}: {before} → {after}"


def _named(before: Any, after: Any) -> str | None:
    """The key that tells the items of two lists apart, so that one more in front is one more and nothing else."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return None
    items = [*before, *after]
    if not all(isinstance(one, Mapping) for one in items):
        return None
    for key in _NAMES:
        if all(isinstance(one.get(key), str) for one in items) and all(
            len({one[key] for one in side}) == len(side) for side in (before, after)
        ):
            return key
    return None


def _promises(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Promised]:
    """Those of components that are still there."""
    for component in sorted(after):
        was, now = before.get(component, {}), after[component]
        for fault in [*now, *(one for one in was if one not in now)]:
            for what in {**was.get(fault, {}), **now.get(fault, {})}:
                old, new = was.get(fault, {}).get(what, ""), now.get(fault, {}).get(what, "")
                if old != new and what in (fault, *FAULTS) and not what.endswith(CONNECTIONS):
                    told = "" if what == fault else what
                    yield Promised(component=component, fault=fault, what=told, before=old, after=new)


_BUDGET = re.compile(r"(?P<least>at least )?(?:at most )?(?P<used>\d+) of (?P<free>\d+): (?P<clients>.*)")


def _budgets(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """`databases.main: connections 74 → 96 of 100 (web 8 x 10 + worker 4 x 4)`."""
    for component, faults in sorted(after.items()):
        for fault, said in faults.items():
            now = _BUDGET.fullmatch(said.get(fault, "")) if fault.endswith(CONNECTIONS) else None
            was = _BUDGET.fullmatch(before.get(component, {}).get(fault, {}).get(fault, ""))
            if now is None or (was is not None and was[0] == now[0]):
                continue
            used = f"{was['used']} → {now['used']}" if was and was["used"] != now["used"] else now["used"]
            free = f"{was['free']} → {now['free']}" if was and was["free"] != now["free"] else now["free"]
            unsaid = ", and those of clients that do not say (`pool`)" if now["least"] else ""
            yield f"{component}: {fault} {used} of {free} ({now['clients']}{unsaid})"
