"""The first lines of a report: what people notice of an update, and what is other for them afterwards."""

import re
from collections.abc import Iterator

from report.changes import Difference, Promised
from report.effects import ORDER, STORES, Effect, together

_MOST = 5
"""Lines; the rest stands below."""


def summary(found: Difference) -> Iterator[str]:
    """Markdown. The worst comes first."""
    if not (found.changes or found.promises or found.budgets):
        yield "**Nothing changes.**"
        return
    noticed = [*dict.fromkeys(_noticed(found))]
    if noticed:
        yield "**People notice:**\n"
        yield from (f"- {line}" for line in noticed[:_MOST])
        if (more := len(noticed) - _MOST) > 0:
            yield f"- and {more} more, below"
    else:
        yield f"**Nobody notices the update**: {_why(found)}."
    after = [*_afterwards(found)]
    if after:
        yield "\n**Afterwards:**\n"
        yield from (f"- {line}" for line in after)


def _noticed(found: Difference) -> Iterator[str]:
    """Data first, then what stops for good, then what is away for a while, and what only operators see last."""
    for noticed in ("data", "ends"):
        lines = [one for one in found.effects if one.noticed == noticed and (noticed == "data" or one.felt)]
        for component in dict.fromkeys(one.component for one in lines):
            texts = together(one.felt or one.text for one in lines if one.component == component)
            yield from (f"{component}: {text}" for text in texts)
    felt = sorted((one for one in found.effects if one.felt and one.noticed != "ends"), key=_less_bad)
    yield from together(one.felt for one in felt)


def _less_bad(one: Effect) -> tuple[bool, bool, int]:
    kind = one.component.partition(" ")[0]
    return kind == "MonitoringStack", kind not in STORES, ORDER.index(one.noticed)


def _why(found: Difference) -> str:
    restarted = _names(found, "restarts")
    said = [f"{_list(restarted)} {_s('restart', restarted)} without a gap"] if restarted else []
    if again := _names(found, "runs again"):
        said.append(f"{_list(again)} {_s('run', again)} again")
    if started := _names(found, "starts"):
        said.append(f"{_list(started)} {_s('start', started)}")
    if not restarted:
        said.append("nothing restarts")
    return ", ".join(said)


def _afterwards(found: Difference) -> Iterator[str]:
    yield from (_scaled(one) for one in found.effects if one.noticed == "scales")
    changed = sorted(
        (one for one in found.promises if one.what and one.before and one.after), key=_weight, reverse=True
    )
    for one in changed[:2]:
        if one.what == "lost":
            yield f"{one.component}, {one.fault}: acknowledged writes at risk: {one.after} (before: {one.before})"
        else:
            yield f"{one.component}, {one.fault}: no writes for {one.after} at most (before: {one.before})"
    if (more := len(changed) - 2) > 0:
        yield f"{more} more promises change, below"
    yield from found.budgets
    given = [one.text for one in found.effects if one.noticed == "secrets" if one.component.startswith("GivenSecrets")]
    secrets = [*together(given)]
    if secrets:
        yield f"secrets: {', '.join(secrets)}"
    if found.requests:
        yield f"reserved: {found.requests}"


def _weight(one: Promised) -> tuple[bool, float]:
    """Lost writes before outages, and larger differences before smaller ones."""
    numbers = [re.match(r"[\d.]+", text) for text in (one.before, one.after)]
    was, now = (float(number[0]) if number else 0.0 for number in numbers)
    return one.what == "lost", abs(now - was)


def _names(found: Difference, noticed: str) -> list[str]:
    names = [match[0] for one in found.effects if one.noticed == noticed if (match := re.match(r"`[^`]+`", one.text))]
    return [*dict.fromkeys(names)]


def _scaled(one: Effect) -> str:
    name, _, counts = one.text.partition(": ")
    before, _, after = counts.partition(" → ")
    return f"{name}: {before.partition(' ')[0] if before[0].isdigit() and after[0].isdigit() else before} → {after}"


def _s(verb: str, names: list[str]) -> str:
    return verb if len(names) > 1 else f"{verb}s"


def _list(names: list[str]) -> str:
    shown = names[:4]
    if len(names) > 4:
        return f"{', '.join(shown)} and {len(names) - 4} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
