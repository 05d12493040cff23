"""Bring groups, memberships and grants to what an order says. A part of `apply_databases.py`.

Roles that are made here are marked by a comment. One that is no longer wanted cannot log in any more, and is not
dropped. Of what a role was granted, only the privileges below are looked at; others are a person's.
"""

import json
from collections.abc import Callable, Collection
from typing import Any

from . import logins

MARK = "ha-platform"
"""The comment of roles that are made here."""
Level = dict[str, tuple[str, ...]]
"""Kind of thing -> privileges."""
_READ: Level = {"database": ("CONNECT",), "schema": ("USAGE",), "table": ("SELECT",), "sequence": ("SELECT",)}
_WRITE: Level = _READ | {"table": ("SELECT", "INSERT", "UPDATE", "DELETE"), "sequence": ("USAGE", "SELECT", "UPDATE")}
LEVELS: dict[str, Level] = {"": {}, "read": _READ, "write": _WRITE}
NAME = "^[a-z_][a-z0-9_]{0,30}$"
"""Of what may be in a stack file, or was."""
ROLES = (
    "SELECT rolname, concat_ws(' ', CASE WHEN rolcanlogin THEN 'login' END, "
    f"CASE WHEN shobj_description(oid, 'pg_authid') = '{MARK}' AND rolname ~ '{NAME}' THEN 'marked' END) FROM pg_roles"
)
DATABASES = (
    "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datallowconn AND datconnlimit <> -2 "
    f"AND datname NOT IN ('postgres', 'template1') AND datname ~ '{NAME}'"
)
MEMBERS = (
    "SELECT pg_get_userbyid(member), json_build_array(pg_get_userbyid(roleid), "
    "(SELECT rolname FROM pg_roles WHERE oid = grantor)) FROM pg_auth_members"
)
BECOMES = (
    "SELECT pg_get_userbyid(setrole), datname || E'\\t' || substr(one, 6) FROM pg_db_role_setting "
    "JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS one WHERE one LIKE 'role=%'"
)
TO_DO = """
WITH may(role, kind, privilege) AS (VALUES {may}),
own AS (SELECT datname, datdba, datacl FROM pg_database WHERE datname = current_database()),
thing(kind, owner, given, before, name, acl) AS (
  SELECT 'database', datdba, true, '', format('DATABASE %I', datname), datacl FROM own
  UNION ALL
  SELECT 'schema', nspowner, nspowner IN (datdba, to_regrole('pg_database_owner')), '', format('SCHEMA %I', nspname),
    nspacl FROM pg_namespace, own WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  UNION ALL
  SELECT kind, relowner, relowner IN (datdba, to_regrole('pg_database_owner')), '',
    format('%s %I.%I', upper(kind), nspname, relname), relacl
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, own,
    LATERAL (SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END) AS its(kind)
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  UNION ALL
  SELECT kind, datdba, true, format('ALTER DEFAULT PRIVILEGES FOR ROLE %I ', pg_get_userbyid(datdba)),
    upper(kind) || 'S', (SELECT defaclacl FROM pg_default_acl
      WHERE defaclnamespace = 0 AND defaclrole = datdba AND defaclobjtype = letter::"char")
    FROM own, (VALUES ('schema', 'n'), ('table', 'r'), ('sequence', 'S')) AS every(kind, letter)
),
has AS (
  SELECT rolname::text AS role, thing.*, grantor, privilege_type AS privilege
    FROM thing, aclexplode(acl) JOIN pg_roles ON pg_roles.oid = grantee WHERE rolname IN ({roles})
),
much AS (
  SELECT * FROM has WHERE (kind, privilege) IN (VALUES {most}) AND (role, kind, privilege) NOT IN (SELECT * FROM may)
),
little AS (
  SELECT role, before, name, privilege FROM thing JOIN may USING (kind) WHERE given AND role <> ''
  EXCEPT SELECT role, before, name, privilege FROM has
)
SELECT role, nullif(grantor, owner)::regrole AS grantor,
    format('%sREVOKE %s ON %s FROM %I CASCADE', before, string_agg(privilege, ', '), name, role) AS statement
  FROM much GROUP BY role, nullif(grantor, owner), before, name
UNION ALL
SELECT role, NULL, format('%sGRANT %s ON %s TO %I', before, string_agg(privilege, ', '), name, role)
  FROM little GROUP BY role, before, name
"""
"""What is between what roles have and may. More than its level no role keeps, in whatever is in the database; given is
what belongs to the database's owner, for the owner may no more itself."""
DO = """DO $do$
DECLARE one record;
BEGIN
  FOR one IN SELECT * FROM ({to_do}) AS every WHERE role = '{role}' LOOP
    BEGIN
      IF one.grantor IS NOT NULL THEN EXECUTE format('SET LOCAL ROLE %s', one.grantor); END IF;
      EXECUTE one.statement;
      SET LOCAL ROLE NONE;
    EXCEPTION WHEN undefined_table OR invalid_schema_name THEN NULL; -- dropped meanwhile
    WHEN insufficient_privilege THEN NULL; -- who granted it cannot take it back: it is left, and said
    END;
  END LOOP;
END $do$"""
"""Names stay in the server: an owner may call a schema or a table anything. Who granted something takes it back."""
TRIES = 3
"""What is taken from one role may take something from another, which has it again by the next try."""

Change = Callable[..., None]
"""`change(what, sql, database)` changes something, and says so."""


def check(leader: Any, wanted: dict[str, Any]) -> None:
    """Raises ValueError with what nobody here may change, before anything is changed."""
    superusers = dict(leader.query("SELECT rolname, '' FROM pg_roles WHERE rolsuper"))
    for name in wanted["roles"]:
        if name in superusers:
            raise ValueError(f"role {name} is a superuser, whom no grant limits; give the one in the file another name")


def apply(leader: Any, wanted: dict[str, Any], change: Change, rotated: Collection[str] = ()) -> None:
    """Raises ValueError with what cannot be done. Roles that log in are there already; others log in for those that are
    `rotated`."""
    roles: dict[str, Any] = wanted["roles"]
    there = {name: words.split() for name, words in leader.query(ROLES)}
    marked = {name for name, words in there.items() if "marked" in words}
    for name, role in roles.items():
        login = "LOGIN" if role["login"] else "NOLOGIN"
        if name not in there:
            change(f"created group {name}", f'CREATE ROLE "{name}" NOLOGIN')
        elif name not in rotated and ("login" in there[name]) != role["login"]:
            change(f"role {name}: {login}", f'ALTER ROLE "{name}" {login}')
        if name not in marked:
            change(f"took role {name} into care", f"COMMENT ON ROLE \"{name}\" IS '{MARK}'")
    owners = {one["owner"] for one in wanted["databases"].values()}
    former = marked - roles.keys()
    for name in sorted(former - owners):
        if "login" in there[name]:
            change(f"role {name} is not wanted: it cannot log in any more", f'ALTER ROLE "{name}" NOLOGIN')
    logins.close(leader, former - owners | {name for name, role in roles.items() if not role["login"]}, change)
    databases = {name: one["owner"] for name, one in wanted["databases"].items()} | dict(leader.query(DATABASES))
    every = roles | {name: {"member_of": [], "becomes": {}} for name in sorted(former)}
    _memberships(leader, every, {*marked, *owners, *databases.values()}, change)
    for database, owner in databases.items():
        levels = wanted["databases"].get(database, {}).get("levels", {})
        _grants(leader, database, levels, every.keys() - {owner}, change)
    deputies = {login: {"becomes": every[role]["becomes"]} for login, role in logins.of(leader, every).items()}
    _becomes(leader, every | deputies, databases.keys(), change)
    for name in sorted(former & owners):
        change(f"role {name} is an owner now", f'COMMENT ON ROLE "{name}" IS NULL')


def _memberships(leader: Any, roles: dict[str, Any], known: set[str], change: Change) -> None:
    """What a role is a member of, among what is `known` here: a person may have given it more."""
    members = [(member, *json.loads(text)) for member, text in leader.query(MEMBERS)]
    for name, role in roles.items():
        has = {group: by for member, group, by in members if member == name and (group in known or group in roles)}
        for member, group, by in members:
            if member == name and group in has and group not in role["member_of"]:
                sql = f'REVOKE {_quoted(group)} FROM "{name}"' + (f" GRANTED BY {_quoted(by)}" if by else "")
                change(f"role {name} is no longer a member of {group}", f"{sql} CASCADE")
        for group in sorted({*role["member_of"]} - has.keys()):
            change(f"role {name} is a member of {group}", f'GRANT "{group}" TO "{name}"')


def _becomes(leader: Any, roles: dict[str, Any], databases: Collection[str], change: Change) -> None:
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


def _grants(leader: Any, database: str, levels: dict[str, str], roles: Collection[str], change: Change) -> None:
    """What every role may in one database."""
    if not roles:
        return
    to_do = TO_DO.format(
        roles=", ".join(f"'{name}'" for name in roles),
        most=", ".join(f"('{kind}', '{privilege}')" for kind, of in LEVELS["write"].items() for privilege in of),
        may=", ".join(
            ["('', '', '')"]
            + [
                f"('{name}', '{kind}', '{privilege}')"
                for name in roles
                for kind, of in LEVELS[levels.get(name, "")].items()
                for privilege in of
            ]
        ),
    )
    for _ in range(TRIES):
        left = dict(leader.query(f"SELECT DISTINCT role, grantor FROM ({to_do}) AS every", database=database))
        if not left:
            return
        for name in sorted(left):
            level = levels.get(name, "")
            said = f"may {level}" if level else "may nothing by itself"
            change(f"role {name} {said} in database {database}", DO.format(to_do=to_do, role=name), database)
    name, grantor = min(left.items())
    by = f" what role {grantor} granted it" if grantor else " other rights than its level's"
    raise ValueError(f"role {name} has{by} in database {database}: revoke it there by hand, then `up` again")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
