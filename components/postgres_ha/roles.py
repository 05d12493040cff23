"""Further roles of a PostgreSQL cluster: who may do what in which database."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from settings.base import Settings

if TYPE_CHECKING:
    from components.postgres_ha.settings import PostgresSettings

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,30}$")]
"""An SQL identifier that needs no quotes."""

Level = Literal["read", "write", "owner"]
"""`read`: SELECT. `write`: also INSERT, UPDATE and DELETE. `owner`: everything that the database's owner may."""

RESERVED = frozenset(
    {"postgres", "replicator", "rewind", "ha_settings", "ha_exporter", "ha_pooler", "ha_pooler_figures"}
)
"""Roles of the cluster itself, and the users of its poolers' console."""


def _named_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("each group is named once")
    return names


class RoleSettings(Settings):
    """A further role. An application's `uses` name it by `role`."""

    login: bool = True
    """Whether it logs in, with a generated password. `false`: a group, for `member_of` of others."""
    grants: dict[Identifier, Level] = Field(default_factory=dict)
    """Database -> what it may there, in tables that are there and in those that the owner makes later: `read`, `write`
    (also inserts, updates and deletes), or `owner` (all that the owner may, so also in the owner's other databases)."""
    member_of: Annotated[tuple[Identifier, ...], AfterValidator(_named_once)] = ()
    """Groups whose grants it has too."""


def reserved(what: str, role: str) -> str | None:
    """Why nobody but the server may have this role."""
    if role.startswith("pg_") or role in ("public", "none"):
        return f"{what} is a name that PostgreSQL reserves (pg_..., public, none); choose another"
    if role in RESERVED:
        return f"{what} cannot be one of the cluster's own roles: {', '.join(sorted(RESERVED))}"
    return None


def problems(settings: "PostgresSettings") -> Iterator[str]:
    """What roles cannot be, and what they cannot be given."""
    owners = {owner: database for database, owner in settings.every_owner.items()}
    for name, role in settings.roles.items():
        at = f"`roles.{name}`"
        if reason := reserved(at, name):
            yield reason
        if name in owners:
            yield f"{at} is the owner of `{owners[name]}`, with a password of its own: choose another name"
        for database in role.grants:
            if database not in settings.every_owner:
                known = ", ".join(settings.every_owner)
                yield f"`roles.{name}.grants` names no database of this cluster: {database} (there are: {known})"
        yield from _further_of_the_owner(settings, name, role)
        for group in role.member_of:
            if group not in settings.roles:
                yield f"`roles.{name}.member_of` names no role in `roles`: {group}"
            elif settings.roles[group].login:
                yield f"`roles.{name}.member_of` names a role that logs in: {group}; a group has `login: false`"
    if circle := next((name for name in settings.roles if name in _groups(settings.roles, name)), None):
        yield f"`roles.{circle}` is a member of itself, by `member_of`"


def _further_of_the_owner(settings: "PostgresSettings", name: str, role: RoleSettings) -> Iterator[str]:
    """PostgreSQL has no `owner` of one database: who may what its owner may, may it in each of the owner's."""
    having = levels(settings.roles, name)
    for database in (each for each, level in role.grants.items() if level == "owner" and each in settings.every_owner):
        owner = settings.every_owner[database]
        more = [
            each
            for each, whose in settings.every_owner.items()
            if whose == owner and "owner" not in having.get(each, set())
        ]
        if more:
            yield (
                f"`roles.{name}.grants.{database}` is `owner`, and `{owner}` owns {', '.join(more)} too, which the "
                "role would have with it: give the databases different owners, or write `owner` for each of them"
            )


def levels(roles: Mapping[str, RoleSettings], name: str) -> dict[str, set[str]]:
    """Database -> what the role may there, by itself or as a member of groups."""
    found: dict[str, set[str]] = {}
    for each in (name, *_groups(roles, name)):
        for database, level in roles[each].grants.items():
            found.setdefault(database, set()).add(level)
    return found


def wanted(settings: "PostgresSettings") -> dict[str, object]:
    """What the job is told."""
    return {
        "roles": {
            name: {
                "login": role.login,
                "member_of": sorted({*role.member_of, *_owners(settings, role.grants)}),
                # What it makes belongs to the owner: others find it by the owner's default privileges.
                "becomes": {
                    database: settings.every_owner[database]
                    for database, found in levels(settings.roles, name).items()
                    if role.login and "owner" in found
                },
            }
            for name, role in settings.roles.items()
        },
        "databases": {
            database: {
                "owner": owner,
                "levels": {
                    name: role.grants[database]
                    for name, role in settings.roles.items()
                    if role.grants.get(database, "owner") != "owner"
                },
            }
            for database, owner in settings.every_owner.items()
        },
    }


def _owners(settings: "PostgresSettings", grants: Mapping[str, str]) -> Iterator[str]:
    return (settings.every_owner[database] for database, level in grants.items() if level == "owner")


def _groups(roles: Mapping[str, RoleSettings], name: str) -> dict[str, None]:
    """Every group that the role is in, also through others; itself only if it is in a circle."""
    found: dict[str, None] = {}
    left = [*roles[name].member_of]
    while left:
        group = left.pop()
        if group not in found and group in roles:
            found[group] = None
            left += roles[group].member_of
    return found
