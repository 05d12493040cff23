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
    yield from ports.private_refusals(word.private_to, word.public_ports)


def fewer(word: Members, before: int) -> str:
    """Why a store cannot get smaller: those that stay count the others as voters, and are no majority of them."""
    return (
        f"{word.origin}: {word.name} cannot go from {before} members to {word.count}: those that stay would still "
        f"count the others, and have no majority. Keep {before}, or move the data into a new store of {word.count}."
    )
