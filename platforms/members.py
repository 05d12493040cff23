"""What no platform does with the members of a store."""

from collections.abc import Iterator

from model import Members
from platforms import mounts, ports, process
from platforms.base import Refused


def common_refusals(word: Members) -> Iterator[Refused]:
    """Fields that neither platform can honour."""
    yield from process.refusals(word.container)
    yield from mounts.refusals(word.container, volume=word.volume)
    yield from ports.refusals(word.ports, word.public_ports)
    yield from ports.single_member_refusals(word.count, word.public_ports)
    yield from ports.peer_refusals(word.peer_ports, word.ports)
    yield from ports.private_refusals(word.private_to, word.public_ports, word.ports, word.metrics_port)


def other_count(word: Members, before: int) -> str | None:
    """Why the members of a word cannot become as many as it says; None: they can."""
    if not word.peers or word.count == before:
        return None
    if word.count < before:
        return _fewer(word, before)
    return _more(word, before) if word.electorate else None


def _more(word: Members, before: int) -> str:
    return (
        f"{word.origin}: {word.name} cannot go from {before} members to {word.count}: each has stored who votes, and "
        f"new ones that start while the others are away would elect a store of their own, without data. Keep {before}: "
        f"write `store: {{members: {before}}}`."
    )


def _fewer(word: Members, before: int) -> str:
    """Those that stay count the others as voters, and are no majority of them."""
    return (
        f"{word.origin}: {word.name} cannot go from {before} members to {word.count}: those that stay would still "
        f"count the others, and have no majority. Keep {before}, or move the data into a new store of {word.count}."
    )
