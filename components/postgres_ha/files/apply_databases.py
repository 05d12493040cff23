"""Create what is missing in a running cluster: roles, databases and extensions. Nothing is dropped.

A part of `apply_settings.py`, mounted beside it where a stack file names some; what roles may is in `apply_roles.py`.
Passwords reach the server as SCRAM verifiers, so that no log of statements has them.
"""

import base64
import hashlib
import hmac
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ITERATIONS = 4096
"""What PostgreSQL itself takes."""
VERIFIERS = "SELECT rolname, CASE WHEN rolcanlogin THEN rolpassword END FROM pg_authid"
"""Nothing of who cannot log in: that is set with the password."""
OPEN = "SELECT datname, '' FROM pg_database WHERE has_database_privilege('public', oid, 'CONNECT')"


def create(leader: Any, wanted: dict[str, Any], passwords: dict[str, str]) -> list[str]:
    """What was done. Raises ValueError with what cannot be done; `leader` raises when it cannot be asked."""
    done: list[str] = []

    def change(what: str, sql: str, database: str = "postgres") -> None:
        if refused := leader.refused(sql, database=database):
            raise ValueError(f"{what}: {refused}")
        done.append(what)

    databases: dict[str, str] = wanted.get("databases", {})
    roles = _roles()
    owners = (
        dict(leader.query("SELECT datname, pg_get_userbyid(datdba) FROM pg_database")) if databases or roles else {}
    )
    for database, owner in [*databases.items(), *_owners_in(roles)]:
        if owners.get(database, owner) != owner:
            raise ValueError(f"database {database} belongs to the role {owners[database]}, not to {owner}")
    if roles:
        importlib.import_module("apply_roles").check(leader, roles, owners.keys())
    verifiers = dict(leader.query(VERIFIERS)) if databases or roles else {}
    logins = [name for name, role in roles.get("roles", {}).items() if role["login"]]
    for role in dict.fromkeys((*databases.values(), *logins)):
        if role not in passwords:
            continue  # the owner of the first database
        if role not in verifiers:
            change(f"created role {role}", f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{verifier(passwords[role])}'")
        elif not fits(passwords[role], verifiers[role]):
            change(f"password of role {role}", f"ALTER ROLE \"{role}\" LOGIN PASSWORD '{verifier(passwords[role])}'")
    for database, owner in databases.items():
        if database not in owners:
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
        importlib.import_module("apply_roles").apply(leader, roles, change)
    return done


def _roles() -> dict[str, Any]:
    """What is wanted of roles, where the stack file has some."""
    file = Path(__file__).with_name("roles.json")
    return json.loads(file.read_text()) if file.exists() else {}


def _owners_in(roles: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((database, one["owner"]) for database, one in roles.get("databases", {}).items())


def verifier(password: str, nonce: bytes = b"", iterations: int = ITERATIONS) -> str:
    """A SCRAM-SHA-256 verifier as PostgreSQL keeps it (RFC 5803)."""
    nonce = nonce or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), nonce, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    nonce64, stored64, server64 = (base64.b64encode(part).decode() for part in (nonce, stored, server))
    return f"SCRAM-SHA-256${iterations}:{nonce64}${stored64}:{server64}"


def fits(password: str, kept: str) -> bool:
    """Whether `kept` was made of this password."""
    head, dollar, rest = kept.partition("$")
    iterations, colon, nonce = rest.partition("$")[0].partition(":")
    if head != "SCRAM-SHA-256" or not (dollar and colon):
        return False
    return hmac.compare_digest(kept, verifier(password, base64.b64decode(nonce), int(iterations)))
