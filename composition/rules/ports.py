"""Published ports belong to one component each."""

from collections.abc import Iterator

from components.context import Context
from composition.kinds import published_ports
from model import ROOT
from settings.faults import Fault


def published_ports_differ(context: Context) -> Iterator[Fault]:
    """Two components cannot publish the same port."""
    seen: dict[int, str] = {}
    for path, port in published_ports(context.stack):
        if port in seen:
            yield Fault(
                path=f"{ROOT}.{path}",
                rule=f"is published by {seen[port]} already",
                got=str(port),
                fix="Choose another port.",
            )
        seen.setdefault(port, path)


RULES = (published_ports_differ,)
