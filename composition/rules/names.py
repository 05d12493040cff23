"""Every name becomes a DNS name: unique over the whole stack."""

from collections.abc import Iterator

from composition.rules.context import ROOMS, ROOT, Context, Room
from settings.faults import Fault


def names_are_unique(context: Context) -> Iterator[Fault]:
    """Balancers, applications, databases and caches share one name space."""
    seen: dict[str, Room] = {}
    for room in ROOMS:
        for name in context.names(room):
            if name in seen:
                yield Fault(
                    path=f"{ROOT}.{room}.{name}",
                    rule=f"has the name of {seen[name]}.{name}, and both would be the same DNS name",
                    got=repr(name),
                    fix="Rename one of them.",
                )
            seen.setdefault(name, room)


RULES = (names_are_unique,)
