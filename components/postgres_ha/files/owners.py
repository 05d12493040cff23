"""Databases and owners that are there, against those of the stack file: what another name means.

The settings job asks this before it changes anything, and `orders.py` when it carries it out. A database keeps its
name: applications are connected to it. An owner is renamed with all that it has, so that nothing is in between.
"""

import re
from collections.abc import Mapping
from typing import Any

from . import logins

MARK = logins.FORMER
"""The comment of roles that let in who still has the former name."""
NAME = "^[a-z_][a-z0-9_]{0,30}$"
"""Of what may be in a stack file, or was."""
DATABASES = (
    "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' "
    "ORDER BY datname"
)
ROLES = (
    "SELECT rolname, CASE WHEN rolsuper THEN 'superuser' "
    f"WHEN shobj_description(oid, 'pg_authid') = '{MARK}' AND rolname ~ '{NAME}' THEN 'former' END FROM pg_roles"
)
CONNECTED = "SELECT DISTINCT usename, '' FROM pg_stat_activity WHERE usename IS NOT NULL"
RENAME = """
BEGIN;
DROP ROLE IF EXISTS "{owner}";
ALTER ROLE "{former}" RENAME TO "{owner}";
{logins}
COMMIT;
"""
"""All of it or nothing."""
LETS_IN = """
CREATE ROLE "{former}" LOGIN PASSWORD '{verifier}' IN ROLE "{owner}";
{becomes}
COMMENT ON ROLE "{former}" IS '{mark}';
"""
"""Applications have the former name until they are replaced: who logs in by it is the owner."""


def check(
    there: Mapping[str, str], roles: Mapping[str, str], wanted: Mapping[str, Any], kept: str = ""
) -> dict[str, str]:
    """Former name -> name of the owners that are to be renamed. Raises ValueError: the key, and what is wrong with it.

    `there`: database -> owner. `roles`: role -> what is said of it. `kept`: the first database's name so far.
    """
    databases: Mapping[str, str] = wanted["databases"]
    first: str = wanted["first"]
    if there and (first not in there or (kept != first and kept in there)):
        former = kept if kept in there else ", ".join(sorted(there.keys() - databases.keys()) or sorted(there))
        raise ValueError(
            f"database: the data is in `{former}`, and does not move to `{first}`. Write the former name again. One "
            "beside it stands in `databases`. To rename it, end its connections, `ALTER DATABASE ... RENAME` in the "
            "primary, then `pulumi up`"
        )
    found: dict[str, str] = {}
    for database, owner in databases.items():
        former = there.get(database, owner)
        if former == owner or found.get(former) == owner:
            continue
        if reason := _in_the_way(former, owner, roles, wanted) or (
            f"`{former}` or `{owner}` would be renamed twice" if former in found or owner in found.values() else ""
        ):
            key = "owner" if database == first else f"databases.{database}.owner"
            raise ValueError(
                f"{key}: database {database} belongs to the role {former}, not to {owner}, and {reason}. Write the "
                f"former name again, or a name that nothing has"
            )
        found[former] = owner
    return found


def _in_the_way(former: str, owner: str, roles: Mapping[str, str], wanted: Mapping[str, Any]) -> str:
    """Why the one cannot get the name of the other."""
    named = {*wanted["databases"].values(), *wanted.get("roles", {}).get("roles", {})}
    if roles.get(former) == "superuser" or not re.fullmatch(NAME, former):
        return f"`{former}` is no role that a stack file can have"
    if former in named:
        return f"`{former}` is still in the file"
    return f"there is a role `{owner}` already" if roles.get(owner, "former") != "former" else ""


def rename(leader: Any, wanted: Mapping[str, Any], done: list[str]) -> None:
    """On the primary. Raises ValueError. A former name goes with the first order that finds nobody who uses it."""
    there, roles = dict(leader.query(DATABASES)), dict(leader.query(ROLES))
    found = check(there, roles, wanted)
    connected = dict(leader.query(CONNECTED)) if "former" in roles.values() else {}
    for role in sorted(name for name, said in roles.items() if said == "former" and name not in connected):
        if not leader.refused(f'DROP ROLE "{role}"', database="postgres"):
            done.append(f"dropped role {role}, the former name of an owner")
    for former, owner in found.items():
        held = f"SELECT CASE WHEN rolcanlogin THEN rolpassword END, '' FROM pg_authid WHERE rolname = '{former}'"
        [(verifier, _)] = leader.query(held)
        names = [database.replace('"', '""') for database, whose in there.items() if whose == former]
        becomes = "\n".join(f'ALTER ROLE "{former}" IN DATABASE "{each}" SET role = "{owner}";' for each in names)
        lets_in = LETS_IN.format(former=former, owner=owner, verifier=verifier, becomes=becomes, mark=MARK)
        own = logins.renamed(leader, former, owner)
        sql = RENAME.format(former=former, owner=owner, logins=f"{lets_in if verifier else ''}{own}")
        if refused := leader.refused(sql, database="postgres"):
            raise ValueError(f"role {former} was not renamed to {owner}: {refused}")
        until = f"; {former} logs in as it until nobody does" if verifier else ""
        done.append(f"renamed role {former} to {owner}{until}")
