"""Every name becomes a DNS name: unique over the whole stack."""

from collections.abc import Iterator

from composition.rules.context import ROOT, Context
from settings.faults import Fault


def names_are_unique(context: Context) -> Iterator[Fault]:
    """Balancers, applications, databases and caches share one name space."""
    seen: dict[str, str] = {}
    stack = context.stack
    for room, names in (
        ("balancers", stack.balancers),
        ("apps", stack.apps),
        ("databases", stack.databases),
        ("caches", stack.caches),
    ):
        for name in names:
            if name in seen:
                yield Fault(
                    path=f"{ROOT}.{room}.{name}",
                    rule=f"has the name of {seen[name]}.{name}, and both would be the same DNS name",
                    got=repr(name),
                    fix="Rename one of them.",
                )
            seen.setdefault(name, room)


RULES = (names_are_unique,)
