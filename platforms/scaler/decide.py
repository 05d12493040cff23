"""How many replicas there should be, as a pure function: the rules of Kubernetes' HorizontalPodAutoscaler (v2).

Source: pkg/controller/podautoscaler of Kubernetes 1.31, and its documentation (tolerance 0.1, missing figures taken for
idle ones when the count grows, and for busy ones when it shrinks).
"""

from __future__ import annotations

import math
from typing import NamedTuple

TOLERANCE = 0.1
"""A mean so near to the target changes nothing (Kubernetes' default)."""


class Step(NamedTuple):
    """At most max (or min, see `choose`) of `percent` of the replicas and `replicas` in each `period` of seconds; taken
    when the need for it lasted `stabilization` seconds."""

    stabilization: float
    percent: int
    replicas: int
    period: float
    choose: str


class Policy(NamedTuple):
    """Between `least` and `most`."""

    least: int
    most: int
    up: Step
    down: Step


class Reading(NamedTuple):
    """What one metric says. `values`: of each container that told it, as a part of its target (1.0: as much as wanted).
    `expected`: how many containers there are. `missing`: what one that says nothing has when the count would shrink.
    """

    metric: str
    values: tuple[float, ...]
    expected: int
    missing: float


class Total(NamedTuple):
    """What one metric of the whole service says: `value` in parts of what one replica is to have (4.0: as much as four
    take). None: nothing."""

    metric: str
    value: float | None


class History(NamedTuple):
    """What was wanted, and what was changed: (time, count), the oldest first."""

    wanted: tuple[tuple[float, int], ...] = ()
    added: tuple[tuple[float, int], ...] = ()
    removed: tuple[tuple[float, int], ...] = ()

    def changed(self, now: float, before: int, after: int) -> History:
        """With a change that was made."""
        if after > before:
            return self._replace(added=(*self.added, (now, after - before)))
        return self._replace(removed=(*self.removed, (now, before - after)))


class Decision(NamedTuple):
    """The `replicas` that there should be now, and why. `need` is what the metrics ask for, before bounds and steps;
    None where they say too little. `blind` are the metrics that said nothing."""

    replicas: int
    why: str
    need: int | None
    blind: tuple[str, ...]
    history: History


def decide(
    policy: Policy, now: float, current: int, readings: tuple[Reading | Total, ...], history: History
) -> Decision:
    """What to do about `current` replicas.

    Too little said leaves the count as it is, but never below the least or above the most, which need no figures. A
    count of 0 is somebody's order to stop, and stays.
    """
    history = _recent(history, policy, now)
    if not history.wanted:  # a start knows nothing of before: what runs was wanted
        history = history._replace(wanted=((now, current),))
    blind = tuple(one.metric for one in readings if _silent(one))
    if current == 0:
        return Decision(0, "stopped by hand: the count is 0", None, blind, history)
    if current < policy.least:
        return Decision(policy.least, f"{current} are fewer than the least, {policy.least}", None, blind, history)
    if current > policy.most:
        return Decision(policy.most, f"{current} are more than the most, {policy.most}", None, blind, history)
    needs = [(need(one, current), one.metric) for one in readings if not _silent(one)]
    wanted, metric = max(needs, default=(0, ""))
    if not needs or (blind and wanted < current):
        # Nobody knows of a need to shrink, so none has lasted until now.
        history = history._replace(wanted=(*history.wanted, (now, current)))
        return Decision(current, f"no fresh figures of {', '.join(blind) or 'anything'}: nothing changes", None, blind,
                        history)  # fmt: skip
    steady = _lasting(policy, now, current, wanted, history)
    # The least of the hour was needed, too: when a busy hour ends, shrinking begins as after load.
    history = history._replace(wanted=(*history.wanted, (now, max(wanted, policy.least))))
    count, limit = _within(policy, now, current, steady, history)
    why = f"{metric} wants {wanted}"
    if steady != wanted:
        why += f", {steady} for as long as it must last"
    return Decision(count, why + limit, wanted, blind, history)


def need(reading: Reading | Total, current: int) -> int:
    """How many replicas one metric asks for."""
    if isinstance(reading, Total):
        return _need_of_all(reading, current)
    absent = max(0, reading.expected - len(reading.values))
    ratio = sum(reading.values) / len(reading.values)
    if not absent:
        return current if _near(ratio) else math.ceil(_exact(ratio * len(reading.values)))
    filled = (*reading.values, *([reading.missing if ratio < 1 else 0.0] * absent))
    careful = sum(filled) / len(filled)
    if _near(careful) or (ratio < 1) != (careful < 1):
        return current
    wanted = math.ceil(_exact(careful * len(filled)))
    return min(wanted, current) if careful < 1 else max(wanted, current)


def _need_of_all(reading: Total, current: int) -> int:
    """An external metric with an `AverageValue`: what all have is shared by those that there are."""
    assert reading.value is not None, "a silent metric asks for nothing"
    return current if _near(reading.value / current) else math.ceil(_exact(reading.value))


def _silent(reading: Reading | Total) -> bool:
    return reading.value is None if isinstance(reading, Total) else not reading.values


def _near(ratio: float) -> bool:
    return abs(1 - ratio) <= TOLERANCE + 1e-9


def _exact(value: float) -> float:
    """Without what sums of floating point leave behind the comma: 3.0000000000000004 are 3."""
    return round(value, 9)


def _lasting(policy: Policy, now: float, current: int, wanted: int, history: History) -> int:
    """The least that was wanted all through the window in which growth must last, and the most of the other one."""
    low = min([n for at, n in history.wanted if at > now - policy.up.stabilization] + [wanted])
    high = max([n for at, n in history.wanted if at > now - policy.down.stabilization] + [wanted])
    return min(max(current, low), high)


def _within(policy: Policy, now: float, current: int, wanted: int, history: History) -> tuple[int, str]:
    """`wanted` in the bounds, and by no larger step than allowed; and what held it back."""
    if wanted == current:
        return current, ""
    step = policy.up if wanted > current else policy.down
    start = current - _sum(history.added, now - step.period) + _sum(history.removed, now - step.period)
    if wanted > current:
        limits = (start + step.replicas, math.ceil(_exact(start * (1 + step.percent / 100))))
        limit = max(current, max(limits) if step.choose == "max" else min(limits))
        count = min(wanted, limit, policy.most)
    else:
        limits = (start - step.replicas, math.floor(_exact(start * (1 - step.percent / 100))))
        limit = min(current, min(limits) if step.choose == "max" else max(limits))
        count = max(wanted, limit, policy.least)
    if count == wanted:
        return count, ""
    if count in (policy.most, policy.least):
        return count, f"; the {'most' if wanted > current else 'least'} is {count}"
    return count, f"; {count} is as far as {step.period:g} s allow"


def _sum(events: tuple[tuple[float, int], ...], since: float) -> int:
    return sum(count for at, count in events if at > since)


def _recent(history: History, policy: Policy, now: float) -> History:
    windows = now - max(policy.up.stabilization, policy.down.stabilization)
    periods = now - max(policy.up.period, policy.down.period)
    return History(
        wanted=tuple(one for one in history.wanted if one[0] > windows),
        added=tuple(one for one in history.added if one[0] > periods),
        removed=tuple(one for one in history.removed if one[0] > periods),
    )
