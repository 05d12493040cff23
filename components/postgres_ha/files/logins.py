"""Several logins of one role: its password is rotated by another login beside the one that clients have.

A role has one password. So `app` owns what is there, and holds what was granted; from the second password on, who logs
in is `app_2`, `app_3`: a member of `app` that becomes it at once, so that nothing ever belongs to a login. A part of
`orders.py`; the settings job asks `check` before it changes anything.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

MARK = "ha-platform: a login of "
"""The comment of a login, in front of its role."""
FORMER = "ha-platform: the former name of an owner"
"""The comment that `owners.py` gives to a role that is a login, too."""
NUMBER = re.compile(r"[2-9]|[1-9][0-9]{1,3}")
"""What a login's name ends with, behind its role's name and a `_`."""
THERE = (
    "SELECT rolname, CASE WHEN rolcanlogin THEN 'login' ELSE '' END || E'\\t' || "
    "coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles"
)
CONNECTED = "SELECT DISTINCT usename, '' FROM pg_stat_activity WHERE usename IS NOT NULL"
MEMBERS = "SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members"
BECOMES = (
    "SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', '{login}', datname, format('role = %I', substr(one, 6))), '' "
    "FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS one "
    "WHERE one LIKE 'role=%' AND setrole = to_regrole('{role}')"
)
"""A deputy of an owner becomes the owner: so does its login."""
MAKE = """
BEGIN;
CREATE ROLE "{login}" LOGIN PASSWORD '{verifier}' IN ROLE "{role}";
ALTER ROLE "{login}" SET role = "{role}";
{becomes}
COMMENT ON ROLE "{login}" IS '{mark}{role}';
COMMIT;
"""

Change = Callable[..., None]
"""`change(what, sql)` changes something, and says so."""


class Login(NamedTuple):
    """`role` is whom it becomes; `number` counts the passwords of that role."""

    name: str
    role: str
    number: int
    open: bool


def number_of(login: str, role: str) -> int:
    """Which password of the role this one has: `app` the first, `app_2` the second. Raises ValueError."""
    if login == role:
        return 1
    before, _, number = login.rpartition("_")
    if before != role or not NUMBER.fullmatch(number):
        raise ValueError(f"role {login!r} is no login of {role!r}")
    return int(number)


def _found(leader: Any) -> dict[str, Login]:
    """Every role, by its name: itself, or a login of another, whose former name may be the one in the login's."""
    logins = {}
    for name, text in leader.query(THERE):
        can, _, comment = text.partition("\t")
        number = NUMBER.fullmatch(name.rpartition("_")[2]) if comment.startswith(MARK) else None
        role = comment.removeprefix(MARK) if number else name
        logins[name] = Login(name, role, int(number[0]) if number else 1, can == "login")
    return logins


def check(leader: Any, wanted: Mapping[str, Any]) -> None:
    """Raises ValueError, the key and what is wrong with it, before anything is changed.

    What clients still have must be what the password before has: it alone is accepted while they are replaced.
    """
    there = _found(leader)
    has_roles: Mapping[str, Any] = wanted.get("roles", {}).get("roles", {})
    roles = {*wanted.get("databases", {}).values(), *(name for name, role in has_roles.items() if role["login"])}
    connected: set[str] | None = None
    for role in sorted(roles):
        login: str = wanted.get("logins", {}).get(role, role)
        number = number_of(login, role)
        own = [one for one in there.values() if one.role == role]
        newest = max((one.number for one in own), default=1)
        if number < newest:
            raise ValueError(
                f"rotate.passwords: is {number}, and role {role} has its password number {newest} already: the counter "
                f"never goes back. Write {newest}, or {newest + 1} for another password"
            )
        if login in there and there[login].role != role:
            raise ValueError(
                f"rotate.passwords: {number} makes the role `{login}`, and there is one that a person made. Rename it, "
                f"or write {number + 1}"
            )
        if older := [one.name for one in own if one.open and one.number < number - 1]:
            connected = {name for name, _ in leader.query(CONNECTED)} if connected is None else connected
            if used := sorted(connected & {*older}):
                raise ValueError(
                    f"rotate.passwords: is {number}, and clients are connected as {', '.join(used)}, two passwords "
                    f"before: raise it by one at a time, and again when `up` has ended"
                )


def add(role: str, login: str, verifier: str, kept: Mapping[str, str], leader: Any, change: Change) -> None:
    """The wanted login of a role, beside those that are there. `kept`: role -> verifier, of who is there."""
    if role not in kept:
        change(f"created role {role}", f'CREATE ROLE "{role}" NOLOGIN')
    if login not in kept:
        becomes = "\n".join(f"{sql};" for sql, _ in leader.query(BECOMES.format(login=login, role=role)))
        sql = MAKE.format(login=login, role=role, verifier=verifier, becomes=becomes, mark=MARK)
        change(f"created role {login}, which logs in as {role}", sql)
    elif kept[login] != verifier:
        change(f"password of role {login}", f"ALTER ROLE \"{login}\" LOGIN PASSWORD '{verifier}'")


def renamed(leader: Any, former: str, owner: str) -> str:
    """Statements by which the logins of a role that is renamed become it under its new name."""
    logins = [one.name for one in _found(leader).values() if one.role == former != one.name]
    return "\n".join(
        f'ALTER ROLE "{login}" SET role = "{owner}"; COMMENT ON ROLE "{login}" IS \'{MARK}{owner}\';'
        for login in logins
    )


def of(leader: Any, roles: Iterable[str]) -> dict[str, str]:
    """Login -> role, beside the roles themselves."""
    wanted = {*roles}
    return {one.name: one.role for one in _found(leader).values() if one.role in wanted and one.name != one.role}


def close(leader: Any, roles: Collection[str], change: Change) -> None:
    """Nobody logs in for these roles any more."""
    for one in _found(leader).values():
        if one.role in roles and one.name != one.role and one.open:
            change(
                f"role {one.role} is not wanted: {one.name} cannot log in any more", f'ALTER ROLE "{one.name}" NOLOGIN'
            )


def former(leader: Any, wanted: Mapping[str, str]) -> list[Login]:
    """The logins that rotation has replaced: those of a role before the `wanted` one, and an owner's former names.
    An order may come late: what is newer than the one that it wants is not its business.

    `wanted`: role -> login. Raises ValueError where the wanted one is not there: nobody could log in.
    """
    there = _found(leader)
    comments = {name: text.partition("\t")[2] for name, text in leader.query(THERE)}
    owners = {member: role for member, role in leader.query(MEMBERS) if comments.get(member) == FORMER}
    found = []
    for role, login in sorted(wanted.items()):
        if login not in there or not there[login].open:
            raise ValueError(f"role {login} is not there, and nobody else may be taken away before it is")
        number = number_of(login, role)
        found += [
            one
            for one in there.values()
            if one.name != login
            # One that is closed and still there: a try before this one ended in the middle.
            if one.open or one.name != one.role
            if (one.role == role and one.number <= number) or owners.get(one.name) == role
        ]
    return found


def retire(leader: Any, wanted: Mapping[str, str], done: list[str]) -> None:
    """Take away what `former` finds. Raises ValueError where somebody uses it: then it is left as it was."""

    def change(sql: str) -> str:
        return str(leader.refused(sql, database="postgres"))

    for one in former(leader, wanted):
        if one.open and (refused := change(f'ALTER ROLE "{one.name}" NOLOGIN')):
            raise ValueError(f"role {one.name}: {refused}")
        # From here on nobody comes; who came before is seen.
        if one.name in dict(leader.query(CONNECTED)):
            if one.open:
                change(f'ALTER ROLE "{one.name}" LOGIN')
            raise ValueError(f"role {one.name} is in use")
        if one.name in wanted:
            change(f'ALTER ROLE "{one.name}" PASSWORD NULL')
            done.append(f"role {one.name} does not log in any more, and owns what it owned")
        elif change(f'DROP ROLE "{one.name}"'):
            change(f'ALTER ROLE "{one.name}" PASSWORD NULL')
            done.append(f"role {one.name} cannot log in any more; it owns something, and so is not dropped")
        else:
            done.append(f"dropped role {one.name}")
