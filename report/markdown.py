"""The report of one or more stacks as one comment of a pull request."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.changes import Change, Difference
from report.effects import ORDER, Noticed, together
from report.summary import summary

MARK = "<!-- ha-platform report -->"
"""By it the comment is found again, and written over."""
LONGEST = 65_000
"""GitHub takes 65,536 characters."""
_HEADS: Mapping[Noticed, str] = {
    "data": "Data", "ends": "Removed", "restarts": "Restarts", "runs again": "Runs again", "starts": "New",
    "scales": "Scaled", "ports": "Ports", "secrets": "Secrets", "certificate": "Certificates", "alerts": "Alerts",
}  # fmt: skip
_MOST_PROPERTIES = 40
"""Of one resource."""
_MOST_POLICIES = 10
_LONGEST_FAULT = 2000
_DOES_NOT_FIT = "\n\nWhat explains this does not fit here; `make report` shows it."
_FOR_WHAT_IS_LEFT_OUT = 1000
"""Characters for the lines that say so."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One stack. `fault`: the head does not preview; `base_fault`: only the base does not. `is_new`: the base has no
    such stack. `drift`: what runs and was changed by hand, a line each, or why that is not known; None: it was
    not asked."""

    stack: str
    difference: Difference | None = None
    fault: str = ""
    base_fault: str = ""
    is_new: bool = False
    drift: tuple[str, ...] | str | None = None


def markdown(told: Sequence[Told], base: str, *, longest: int = LONGEST) -> str:
    """What people notice of each stack comes first and is never cut; what explains it is, where it does not fit."""
    heads = ["\n".join(_head(one)) for one in told]
    text = "\n\n".join([MARK, f"# What changes, against {base}", *heads])
    room = longest - len(text) - _FOR_WHAT_IS_LEFT_OUT
    parts: list[str] = []
    for head, one in zip(heads, told, strict=True):
        more = "\n".join(_more(one))
        fits = len(more) <= room
        room -= len(more) if fits else 0
        parts.append(head + (more if fits else _DOES_NOT_FIT))
    text = "\n\n".join([MARK, f"# What changes, against {base}", *parts])
    details = [detail for one in told if one.difference for detail in _details(one.stack, one.difference)]
    for index, detail in enumerate(details):
        rest = f"\n\n{len(details) - index} of {len(details)} lists of changes do not fit here."
        if len(text) + len(detail) + len(rest) + 2 > longest:
            return text + rest + "\n"
        text += f"\n\n{detail}"
    return text + "\n"


def _head(one: Told) -> Iterator[str]:
    """The first screen of a stack."""
    yield f"## {one.stack}"
    if one.fault:
        yield f"\n**It does not preview**, so an update would be refused:\n\n```\n{one.fault[:_LONGEST_FAULT]}\n```"
        yield from _drift(one)
        return
    assert one.difference is not None
    found = one.difference
    if count := len(found.refused_by):
        yield f"\n**An update is refused: {count} mandatory {_plural('policy', count)} violated.**\n"
        yield from (f"- {line}" for line in found.refused_by[:_MOST_POLICIES])
        if (more := count - _MOST_POLICIES) > 0:
            yield f"- and {more} more"
    if one.base_fault:
        fault = one.base_fault[:_LONGEST_FAULT]
        yield f"\n**The base does not preview**, so nothing is compared with it:\n\n```\n{fault}\n```\n"
        yield from _whole(found)
    elif one.is_new:
        yield "\n**The stack is new.**\n"
        yield from _whole(found)
    else:
        yield ""
        yield from summary(found)
    yield from _drift(one)


def _whole(found: Difference) -> Iterator[str]:
    """What a stack is, where there is nothing to compare it with."""
    kinds = Counter(change.resource.component or "the stack itself" for change in found.changes)
    yield f"It has {', '.join(kinds)}." if kinds else "It has nothing."
    if found.requests:
        yield f"It reserves {found.requests}."


def _more(one: Told) -> Iterator[str]:
    """What explains the first screen. Begins on a new line."""
    if one.difference is None:
        return
    found = one.difference
    yield ""
    if not (one.base_fault or one.is_new):
        yield from _effects(found)
        if found.promises:
            yield "\n**Promises**\n"
            yield from (f"- {line}" for line in found.promises)
    for title, lines in (
        ("Policies, new", [line for line in found.new_violations if line not in found.refused_by]),
        ("Policies, not violated any more", found.gone_violations),
    ):
        if lines:
            yield f"\n**{title}**\n"
            yield from (f"- {line}" for line in lines)


def _drift(one: Told) -> Iterator[str]:
    """What somebody changed by hand, apart from what the commits change."""
    if one.drift is None:
        return
    if isinstance(one.drift, str):
        yield f"\nWhat runs is not known: {one.drift}"
    elif one.drift:
        yield "\n**What runs is not what was deployed** (drift; an update sets it again)\n"
        yield from (f"- {line}" for line in one.drift)
    else:
        yield "\nWhat runs is what was deployed (no drift)."


def _effects(found: Difference) -> Iterator[str]:
    for noticed in ORDER:
        lines = [one for one in found.effects if one.noticed == noticed]
        if lines:
            yield f"\n**{_HEADS[noticed]}**\n"
        for component in dict.fromkeys(one.component for one in lines):
            texts = together((one.text for one in lines if one.component == component), most=20)
            yield from (f"- {component or 'the stack itself'}: {text}" for text in texts)


def _details(stack: str, found: Difference) -> Iterator[str]:
    """The picture, and a folded list for each component."""
    drawn = [
        f"{title}\n\n```mermaid\n{text}```"
        for title, text in zip(("Before", "After"), found.pictures, strict=True)
        if text
    ]
    if drawn:
        yield f"<details><summary>{stack}: picture</summary>\n\n" + "\n\n".join(drawn) + "\n</details>"
    components: dict[str, list[Change]] = {}
    for change in found.changes:
        components.setdefault(change.resource.component or "the stack itself", []).append(change)
    for component, changes in sorted(components.items()):
        counts = Counter[str](change.op for change in changes)
        said = ", ".join(f"{op} {counts[op]}" for op in "+~-" if counts[op])
        lines = [line for change in changes for line in _lines(change)]
        body = "\n".join(lines)
        fence = "```" if "```" not in body else "~~~~"
        yield f"<details><summary>{stack}: {component} ({said})</summary>\n\n{fence}diff\n{body}\n{fence}\n</details>"


def _lines(change: Change) -> Iterator[str]:
    sign = {"+": "+", "-": "-", "~": "!"}[change.op]
    yield f"{sign} {change.resource.kind} {change.resource.name}"
    for line in change.properties[:_MOST_PROPERTIES]:
        yield f"    {line}"
    if (more := len(change.properties) - _MOST_PROPERTIES) > 0:
        yield f"    and {more} more"


def _plural(noun: str, count: int) -> str:
    return f"{noun} is" if count == 1 else f"{noun.removesuffix('y')}ies are"
