"""The report of one or more stacks as one comment of a pull request."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.changes import Change, Difference
from report.effects import ORDER, Noticed

MARK = "<!-- ha-platform report -->"
"""By it the comment is found again, and written over."""
LONGEST = 65_000
"""GitHub takes 65,536 characters."""
_HEADS: Mapping[Noticed, str] = {
    "data": "Data", "ends": "Removed", "restarts": "Restarts", "runs again": "Runs again", "starts": "New",
    "scales": "Scaled", "ports": "Ports", "certificate": "Certificates", "alerts": "Alerts",
}  # fmt: skip
_MOST_PROPERTIES = 40
"""Of one resource."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One stack. `fault`: the head does not preview; `base_fault`: only the base does not. `is_new`: the base has no
    such stack."""

    stack: str
    difference: Difference | None = None
    fault: str = ""
    base_fault: str = ""
    is_new: bool = False


def markdown(told: Sequence[Told], base: str, *, longest: int = LONGEST) -> str:
    """What people notice comes first and is never cut; details are, where they do not fit."""
    firsts = ["\n".join(_first(one)) for one in told]
    text = "\n\n".join([MARK, f"# What changes, against {base}", *firsts])
    details = [detail for one in told if one.difference for detail in _details(one.stack, one.difference)]
    for index, detail in enumerate(details):
        rest = f"\n\n{len(details) - index} of {len(details)} lists of changes do not fit here."
        if len(text) + len(detail) + len(rest) + 2 > longest:
            return text + rest + "\n"
        text += f"\n\n{detail}"
    return text + "\n"


def _first(one: Told) -> Iterator[str]:
    yield f"## {one.stack}"
    if one.fault:
        yield f"\n**It does not preview**, so an update would be refused:\n\n```\n{one.fault}\n```"
        return
    assert one.difference is not None
    found = one.difference
    if count := len(found.refused_by):
        yield f"\n**{count} mandatory {_plural('policy', count)} violated: an update is refused.**"
    if one.base_fault:
        yield f"\nThe base does not preview, so nothing is compared with it:\n\n```\n{one.base_fault}\n```"
    elif one.is_new:
        kinds = Counter(change.resource.component or "the stack itself" for change in found.changes)
        yield f"\nThe stack is new: {', '.join(kinds)}."
    elif not found.effects and not found.promises:
        yield (
            "\nNobody notices it: nothing restarts, and every promise stays." if found.changes else "\nNothing changes."
        )
    if not (one.base_fault or one.is_new):
        yield from _effects(found)
        if found.promises:
            yield "\n**Promises**\n"
            yield from (f"- {line}" for line in found.promises)
    for title, lines in (
        ("Policies, new", found.new_violations),
        ("Policies, not violated any more", found.gone_violations),
    ):
        if lines and not one.base_fault:
            yield f"\n**{title}**\n"
            yield from (f"- {line}" for line in lines)


def _effects(found: Difference) -> Iterator[str]:
    for noticed in ORDER:
        lines = [one for one in found.effects if one.noticed == noticed]
        if lines:
            yield f"\n**{_HEADS[noticed]}**\n"
            yield from (f"- {one.component or 'the stack itself'}: {one.text}" for one in lines)


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
