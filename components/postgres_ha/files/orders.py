"""What only the superuser may, asked for over the network and done inside: `orders SOCKET PASSWORDS EVENT ROLE SCOPE`.

The superuser logs in by the primary's own socket alone. The settings job logs in as `ha_settings`, which reads how the
servers run and may add an order to a table: roles, databases, extensions and grants that are wanted, nothing else. It
then asks Patroni to reload, and Patroni calls this script, in the member's container. Patroni also calls it when a
server starts or becomes primary, so that the role and the table are there before the job comes, and so is
the exporter's role.
"""

import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from . import logins
from .apply_databases import create
from .scram import verifier
from .sql import NotYet, Server, quoted

ASKER = "ha_settings"
"""The role of the settings job."""
WATCHER = "ha_exporter"
"""The role of the exporter: it reads how the servers run, and nothing of what is in tables."""
PROMOTION_SECONDS = 60
"""Patroni calls before the server has ended its recovery."""
OWN = frozenset({"postgres", "replicator", "rewind", ASKER, WATCHER, "public", "none"})
SYSTEM = frozenset({"postgres", "template0", "template1"})
SUPERUSERS = "SELECT rolname, '' FROM pg_roles WHERE rolsuper"
NAME = re.compile(r"[a-z_][a-z0-9_]{0,30}")
EXTENSION = re.compile(r"[a-z][a-z0-9_-]{0,62}")
VERIFIER = re.compile(r"SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")
THERE = f"""
SELECT rolpassword, (to_regclass('ha_platform.orders') IS NOT NULL AND pg_has_role(oid, 'pg_monitor', 'USAGE')
  AND has_table_privilege(oid, 'pg_file_settings', 'SELECT')
  AND has_function_privilege(oid, 'pg_show_all_file_settings()', 'EXECUTE'))::text
FROM pg_authid WHERE rolname = '{ASKER}'
"""
MAKE = f"""
BEGIN;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ASKER}') THEN CREATE ROLE {ASKER}; END IF;
END $$;
ALTER ROLE {ASKER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{{verifier}}';
GRANT pg_monitor TO {ASKER};
GRANT SELECT ON pg_file_settings TO {ASKER};
GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO {ASKER};
CREATE SCHEMA IF NOT EXISTS ha_platform;
CREATE TABLE IF NOT EXISTS ha_platform.orders (
  id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), wanted text, outcome text
);
GRANT USAGE ON SCHEMA ha_platform TO {ASKER};
GRANT SELECT, INSERT ON ha_platform.orders TO {ASKER};
COMMIT;
"""
WATCHING = f"""
SELECT rolpassword, (pg_has_role(oid, 'pg_monitor', 'USAGE'))::text FROM pg_authid WHERE rolname = '{WATCHER}'
"""
WATCH = f"""
BEGIN;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WATCHER}') THEN CREATE ROLE {WATCHER}; END IF;
END $$;
ALTER ROLE {WATCHER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{{verifier}}';
GRANT pg_monitor TO {WATCHER};
COMMIT;
"""
NEXT = "SELECT id, wanted FROM ha_platform.orders WHERE outcome IS NULL ORDER BY at DESC LIMIT 1"


def serve(server: Server, passwords: Path) -> None:
    """What is there to do on a primary."""
    prepare(server, ASKER, (passwords / "settings_password").read_text(), THERE, MAKE)
    prepare(server, WATCHER, (passwords / "exporter_password").read_text(), WATCHING, WATCH)
    for id_, wanted in server.query(NEXT):
        outcome = quoted(json.dumps(carry_out(server, json.loads(wanted))))
        # What an order holds is kept no longer than it takes.
        kept = f"UPDATE ha_platform.orders SET wanted = NULL, outcome = {outcome} WHERE id = {quoted(id_)}"
        others = f"DELETE FROM ha_platform.orders WHERE id <> {quoted(id_)} AND at < now() - interval '1 hour'"
        if refused := server.refused(f"{kept};\n{others};"):
            raise ValueError(refused)


def prepare(server: Server, role: str, password: str, there: str, make: str) -> None:
    """The role and what it needs, where they are missing or not as they must be."""
    kept = verifier(role, password)
    if server.query(there) == [(kept, "true")]:
        return
    if refused := server.refused(make.format(verifier=kept)):
        raise ValueError(refused)


def carry_out(server: Server, wanted: dict[str, Any]) -> dict[str, Any]:
    """What was done, and why the rest cannot be."""
    done: list[str] = []
    try:
        check(wanted, superusers={name for name, _ in server.query(SUPERUSERS)})
        if retired := wanted.get("retire"):
            logins.retire(server, retired, done)
        else:
            create(server, wanted, done)
    except ValueError as error:
        return {"done": done, "failed": str(error)}
    return {"done": done}


def check(wanted: dict[str, Any], superusers: Collection[str]) -> None:
    """Raises ValueError where an order names what no stack file can: names become statements of a superuser."""
    databases: dict[str, str] = wanted.get("databases", {})
    below: dict[str, Any] = wanted.get("roles", {})
    homes: dict[str, Any] = below.get("databases", {})
    roles: dict[str, Any] = below.get("roles", {})
    verifiers: dict[str, str] = wanted.get("verifiers", {})
    extensions: dict[str, list[str]] = wanted.get("extensions", {})
    rotated: dict[str, str] = wanted.get("logins", {})
    retired: dict[str, str] = wanted.get("retire", {})
    owners = {*databases.values(), *(one["owner"] for one in homes.values())}
    owners |= retired.keys()
    pairs = (*rotated.items(), *retired.items())
    log_in = {login for role, login in pairs if logins.number_of(login, role) > 1}
    levels = {role for one in homes.values() for role in one["levels"]}
    becomes = {role for one in roles.values() for role in one["becomes"].values()}
    groups = {group for one in roles.values() for group in one["member_of"]}
    if strange := (groups | becomes | levels | rotated.keys() | (verifiers.keys() - log_in)) - owners - roles.keys():
        raise ValueError(f"an order has roles that nothing in it explains: {', '.join(sorted(strange))}")
    for name in owners | roles.keys():
        if not NAME.fullmatch(name) or name.startswith("pg_") or name in OWN:
            raise ValueError(f"role {name!r} is none that a stack file can have")
    if high := sorted((owners | verifiers.keys() | log_in) - roles.keys() & {*superusers}):
        raise ValueError(
            f"role {high[0]} is a superuser: no database can be its own; choose another owner, or "
            f"`ALTER ROLE {high[0]} NOSUPERUSER`"
        )
    if databases and wanted.get("first") not in databases:
        raise ValueError("an order has a first database that it does not name")
    inside = {
        *databases,
        *homes,
        *extensions,
        *(at for one in roles.values() for at in one["becomes"]),
    }
    for name in inside:
        if not NAME.fullmatch(name) or name in SYSTEM:
            raise ValueError(f"database {name!r} is none that a stack file can have")
    for name in (each for names in extensions.values() for each in names):
        if not EXTENSION.fullmatch(name):
            raise ValueError(f"extension {name!r} is none that a stack file can have")
    if not all(VERIFIER.fullmatch(text) for text in verifiers.values()):
        raise ValueError("an order has a password that is no SCRAM verifier")


def main(socket: str, passwords: str, event: str, role: str) -> int:
    """0 when there is nothing left to do; the log has the reason otherwise, and the next call tries again."""
    server = Server("this server", socket, "psql", "postgres")
    if role not in ("primary", "master"):
        return 0
    # Patroni ends a call when it makes the next one; an order that is carried out is not cut short.
    if os.fork():
        return 0
    os.setsid()
    end = time.monotonic() + PROMOTION_SECONDS
    with Path(socket, ".ha-orders.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        while True:
            try:
                primary = server.query("SELECT pg_is_in_recovery()") == [("f", "")]
                if primary:
                    serve(server, Path(passwords))
                if primary or event == "on_reload" or time.monotonic() > end:
                    return 0
            except (NotYet, ValueError) as error:
                print(f"orders: {event}: {error}", file=sys.stderr, flush=True)
                if time.monotonic() > end:
                    return 1
            time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
