"""Who logs in at a cluster: its roles themselves, or for them others with newer passwords (`files/logins.py`)."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.postgres_ha.settings import PostgresSettings


def login(role: str, counter: int) -> str:
    """Who logs in for a role by its password number `counter`."""
    return role if counter == 1 else f"{role}_{counter}"


def roles(settings: "PostgresSettings") -> tuple[str, ...]:
    """The roles that have passwords: owners, and those of `roles` that log in."""
    further = (name for name, role in settings.roles.items() if role.login)
    return tuple(dict.fromkeys((*settings.every_owner.values(), *further)))


def wanted(settings: "PostgresSettings") -> dict[str, str]:
    """Role -> login, where they are not the same."""
    counter = settings.rotate.passwords
    return {role: login(role, counter) for role in roles(settings)} if counter > 1 else {}


def problems(settings: "PostgresSettings") -> Iterator[str]:
    """Names that rotation needs."""
    if settings.rotate.passwords == 1:
        return
    named = sorted({*settings.every_owner.values(), *settings.roles})
    for role in roles(settings):
        for other in named:
            if re.fullmatch(f"{role}_[0-9]+", other):
                yield (
                    f"`rotate.passwords` makes logins called `{role}` with a number behind it, and `{other}` is "
                    "in the file: rename that one"
                )
