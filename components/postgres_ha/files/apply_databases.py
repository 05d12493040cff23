"""Create what is missing in a running cluster: roles, databases and extensions. Nothing is dropped.

A part of `orders.py`, which calls it on the primary; what roles may is in `apply_roles.py`. Passwords come as SCRAM
verifiers (`scram.py`).
"""

from typing import Any

from . import apply_roles, logins, owners

VERIFIERS = "SELECT rolname, CASE WHEN rolcanlogin THEN rolpassword END FROM pg_authid"
"""Nothing of who cannot log in: that is set with the password."""
OPEN = "SELECT datname, '' FROM pg_database WHERE has_database_privilege('public', oid, 'CONNECT')"


def create(leader: Any, wanted: dict[str, Any], done: list[str]) -> None:
    """Adds to `done` what was done. Raises ValueError with what cannot be done; `leader` raises when it cannot be
    asked."""

    def change(what: str, sql: str, database: str = "postgres") -> None:
        if refused := leader.refused(sql, database=database):
            raise ValueError(f"{what}: {refused}")
        done.append(what)

    databases: dict[str, str] = wanted.get("databases", {})
    roles: dict[str, Any] = wanted.get("roles", {})
    verifiers: dict[str, str] = wanted.get("verifiers", {})
    rotated: dict[str, str] = wanted.get("logins", {})
    if roles:
        apply_roles.check(leader, roles)
    if databases:
        owners.rename(leader, wanted, done)
    if databases or roles:
        logins.check(leader, wanted)
    kept = dict(leader.query(VERIFIERS)) if databases or roles else {}
    log_in = [name for name, role in roles.get("roles", {}).items() if role["login"]]
    for role in dict.fromkeys((*databases.values(), *log_in)):
        if role in rotated:
            logins.add(role, rotated[role], verifiers[rotated[role]], kept, leader, change)
        elif role not in kept:
            change(f"created role {role}", f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{verifiers[role]}'")
        elif kept[role] != verifiers[role]:
            change(f"password of role {role}", f"ALTER ROLE \"{role}\" LOGIN PASSWORD '{verifiers[role]}'")
    there = dict(leader.query(owners.DATABASES)) if databases else {}
    for database, owner in databases.items():
        if database not in there:
            change(f"created database {database}", f'CREATE DATABASE "{database}" OWNER "{owner}"')
    open_to_all = dict(leader.query(OPEN)) if databases else {}
    for database in databases:
        if database in open_to_all:
            change(f"closed database {database}", f'REVOKE CONNECT ON DATABASE "{database}" FROM PUBLIC')
    for database, names in wanted.get("extensions", {}).items():
        there = dict(leader.query("SELECT extname, '' FROM pg_extension", database=database))
        for name in names:
            if name not in there:
                sql = f'CREATE EXTENSION IF NOT EXISTS "{name}" SCHEMA public CASCADE'
                change(f"created extension {name} in database {database}", sql, database)
    if roles:
        apply_roles.apply(leader, roles, change, rotated)
