"""Names are unique over the whole stack: most become DNS names, and others are found by them."""

from collections.abc import Iterator

from components.context import Context
from composition.kinds import MAPS
from model import Origin
from settings.faults import Fault


def names_are_unique(context: Context) -> Iterator[Fault]:
    """Components of all kinds share one name space."""
    seen: dict[str, Origin] = {}
    for key in MAPS:
        for name in context.names(key):
            origin = Origin(key=key, name=name)
            if name in seen:
                yield Fault(
                    path=str(origin),
                    rule=f"has the name of {seen[name].path}, and a stack has each name once",
                    got=repr(name),
                    fix="Rename one of them.",
                )
            seen.setdefault(name, origin)


RULES = (names_are_unique,)
