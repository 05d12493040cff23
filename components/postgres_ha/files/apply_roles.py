"""Bring groups, memberships and grants to what `roles.json` says. A part of `apply_databases.py`, mounted beside it.

Roles that are made here are marked by a comment. One that is no longer wanted cannot log in any more, and is not
dropped. Of what a role was granted, only the privileges below are looked at; others are a person's.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

MARK = "ha-platform"
"""The comment of roles that are made here."""
LEVELS: dict[str, dict[str, tuple[str, ...]]] = {
    "read": {"schema": ("USAGE",), "table": ("SELECT",), "sequence": ("SELECT",)},
    "write": {
        "schema": ("USAGE",),
        "table": ("SELECT", "INSERT", "UPDATE", "DELETE"),
        "sequence": ("USAGE", "SELECT", "UPDATE"),
    },
}
LATER = {"table": "r", "sequence": "S", "schema": "n"}
"""What pg_default_acl calls them."""

ROLES = (
    "SELECT rolname, concat_ws(' ', CASE WHEN rolcanlogin THEN 'login' END, "
    f"CASE WHEN shobj_description(oid, 'pg_authid') = '{MARK}' THEN 'marked' END) FROM pg_roles"
)
MEMBERS = "SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members"
BECOMES = (
    "SELECT pg_get_userbyid(setrole), datname || E'\\t' || substr(one, 6) FROM pg_db_role_setting "
    "JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS one WHERE one LIKE 'role=%'"
)
_OWN = "nspname !~ '^pg_' AND nspname <> 'information_schema'"
_RELATIONS = (
    "pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    f"WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_OWN}"
)
_RELATION = "CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || pg_class.oid"
OBJECTS = (
    f"SELECT 'schema ' || oid, nspname FROM pg_namespace WHERE {_OWN} "
    f"UNION ALL SELECT {_RELATION}, '' FROM {_RELATIONS}"
)
GRANTED = (
    "SELECT pg_get_userbyid(grantee), what || ' ' || privilege_type FROM ("
    "SELECT 'database' AS what, datacl AS acl FROM pg_database WHERE datname = current_database() "
    f"UNION ALL SELECT 'schema ' || oid, nspacl FROM pg_namespace WHERE {_OWN} "
    f"UNION ALL SELECT {_RELATION}, relacl FROM {_RELATIONS} "
    "UNION ALL SELECT 'later ' || defaclobjtype::text, defaclacl FROM pg_default_acl WHERE defaclnamespace = 0 "
    "AND defaclrole = (SELECT datdba FROM pg_database WHERE datname = current_database())"
    ") AS every, aclexplode(acl) WHERE grantee <> 0"
)

Change = Callable[..., None]
"""`change(what, sql, database)` changes something, and says so."""


def check(leader: Any, wanted: dict[str, Any], databases: Collection[str]) -> None:
    """Raises ValueError with what nobody here may change, before anything is changed."""
    superusers = dict(leader.query("SELECT rolname, '' FROM pg_roles WHERE rolsuper"))
    for name in wanted["roles"]:
        if name in superusers:
            raise ValueError(f"role {name} is a superuser, whom no grant limits; give the one in the file another name")
    created = wanted["created"]
    for database in wanted["databases"]:
        if database not in databases and database not in created:
            raise ValueError(f"there is no database {database}: it was renamed in the file after the first start")


def apply(leader: Any, wanted: dict[str, Any], change: Change) -> None:
    """Raises ValueError with what cannot be done. Roles that log in are there already."""
    roles: dict[str, Any] = wanted["roles"]
    there = {name: words.split() for name, words in leader.query(ROLES)}
    marked = {name for name, words in there.items() if "marked" in words}
    for name, role in roles.items():
        login = "LOGIN" if role["login"] else "NOLOGIN"
        if name not in there:
            change(f"created group {name}", f'CREATE ROLE "{name}" NOLOGIN')
        elif ("login" in there[name]) != role["login"]:
            change(f"role {name}: {login}", f'ALTER ROLE "{name}" {login}')
        if name not in marked:
            change(f"took role {name} into care", f"COMMENT ON ROLE \"{name}\" IS '{MARK}'")
    for name in sorted(marked - roles.keys()):
        if "login" in there[name]:
            change(f"role {name} is not wanted: it cannot log in any more", f'ALTER ROLE "{name}" NOLOGIN')
    databases: dict[str, Any] = wanted["databases"]
    _memberships(leader, roles, marked | {one["owner"] for one in databases.values()}, change)
    for database, one in databases.items():
        _grants(leader, database, one["owner"], one["levels"], roles.keys() | marked, change)
    _becomes(leader, roles, databases, change)


def _memberships(leader: Any, roles: dict[str, Any], known: set[str], change: Change) -> None:
    """What a role is a member of, among what is `known` here: a person may have given it more."""
    members = leader.query(MEMBERS)
    for name, role in roles.items():
        has = {group for member, group in members if member == name and (group in known or group in roles)}
        for group in sorted(has - {*role["member_of"]}):
            change(f"role {name} is no longer a member of {group}", f'REVOKE "{group}" FROM "{name}"')
        for group in sorted({*role["member_of"]} - has):
            change(f"role {name} is a member of {group}", f'GRANT "{group}" TO "{name}"')


def _becomes(leader: Any, roles: dict[str, Any], databases: dict[str, Any], change: Change) -> None:
    """Whose objects it makes: the owner's, where it may do what the owner may."""
    found: dict[str, dict[str, str]] = {}
    for name, text in leader.query(BECOMES):
        database, _, owner = text.partition("\t")
        found.setdefault(name, {})[database] = owner
    for name, role in roles.items():
        has, wanted = found.get(name, {}), role["becomes"]
        for database in databases:
            if has.get(database) == wanted.get(database):
                continue
            to = f'SET role = "{wanted[database]}"' if database in wanted else "RESET role"
            sql = f'ALTER ROLE "{name}" IN DATABASE "{database}" {to}'
            change(f"role {name} in database {database}: {to}", sql)


def _grants(leader: Any, database: str, owner: str, levels: dict[str, str], roles: set[str], change: Change) -> None:
    """What every role may in one database. One that has too much loses all of it first, in the same transaction."""
    objects = dict(leader.query(OBJECTS, database=database))
    granted: dict[str, set[str]] = {}
    for name, what in leader.query(GRANTED, database=database):
        granted.setdefault(name, set()).add(what)
    schemas = ", ".join(_quoted(name) for name in objects.values() if name)
    most = _privileges("write", objects)
    for name in sorted(roles):
        level = levels.get(name, "")
        wanted, has = _privileges(level, objects), granted.get(name, set()) & most
        sql = [*_statements("REVOKE", "write", database, owner, name, schemas)] if has - wanted else []
        sql += _statements("GRANT", level, database, owner, name, schemas) if sql or wanted - has else []
        if sql:
            said = f"may {level}" if level else "may nothing by itself"
            change(f"role {name} {said} in database {database}", "; ".join(["BEGIN", *sql, "COMMIT"]), database)


def _quoted(name: str) -> str:
    """An owner may call a schema anything, and the superuser runs this."""
    return '"' + name.replace('"', '""') + '"'


def _privileges(level: str, objects: dict[str, str]) -> set[str]:
    """Everything that a level is, as GRANTED says it."""
    if not level:
        return set()
    of = LEVELS[level]
    now = {f"{one} {privilege}" for one in objects for privilege in of[one.partition(" ")[0]]}
    later = {f"later {LATER[kind]} {privilege}" for kind, each in of.items() for privilege in each}
    return now | later | {"database CONNECT"}


def _statements(verb: str, level: str, database: str, owner: str, role: str, schemas: str) -> Iterator[str]:
    if not level:
        return
    to = f'{"TO" if verb == "GRANT" else "FROM"} "{role}"'
    tables, sequences = ", ".join(LEVELS[level]["table"]), ", ".join(LEVELS[level]["sequence"])
    yield f'{verb} CONNECT ON DATABASE "{database}" {to}'
    if schemas:
        yield f"{verb} USAGE ON SCHEMA {schemas} {to}"
        yield f"{verb} {tables} ON ALL TABLES IN SCHEMA {schemas} {to}"
        yield f"{verb} {sequences} ON ALL SEQUENCES IN SCHEMA {schemas} {to}"
    later = f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" {verb}'
    yield f"{later} USAGE ON SCHEMAS {to}"
    yield f"{later} {tables} ON TABLES {to}"
    yield f"{later} {sequences} ON SEQUENCES {to}"
