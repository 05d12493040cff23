"""Logical dumps of a cluster's databases: taken, read again, listed, restored.

`python3 -m scripts.dump DIRECTORY take | list | restore LABEL|latest DATABASE INTO`. It logs in as the owner of each
database.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .dump_store import Failed, Store
from .sql import NotYet, Server

_LOOK_SECONDS = 5
_LAG = "16MB"
"""A replica that is further behind is not asked."""
_LOCK_WAIT = "60s"
"""A migration that holds a table is waited for so long."""
_GLOBALS = "globals.sql"
Json = dict[str, Any]


class Dumps:
    """Of one cluster, as `told`, with the passwords of its owners."""

    def __init__(self, told: Json, passwords: dict[str, str], store: Store) -> None:
        self._members: dict[str, str] = told["members"]
        self._owners: dict[str, str] = told["databases"]
        self._keep: int = told["keep"]
        self._bin: str = told["bin"]
        self._passwords = passwords
        self._store = store

    def take(self) -> None:
        """All databases and the roles, and then the older ones go. Raises Failed."""
        began, errors = time.time(), []
        label = time.strftime("%Y%m%d-%H%M%SZ", time.gmtime(began))
        for name, host in self._sources():
            try:
                told = self._taken(label, name, host)
                break
            except Failed as failed:  # a replica ends what its replay waits for; the primary does not
                errors.append(f"{name}: {failed}")
                print(f"dumps: {errors[-1]}", flush=True)
        else:
            raise Failed("; ".join(errors) or "no server of the cluster answers")
        self._store.finish(told | {"label": label, "began": began, "ended": time.time()})
        print(f"dumps: {label} is complete, from {told['source']}", flush=True)
        self._remove_old(label)

    def listed(self) -> Json:
        """What is there. Raises Failed."""
        complete = self._store.complete()
        known = {one["label"] for one in complete}
        unfinished = [label for label in self._store.labels() if label not in known]
        return {"now": time.time(), "keep": self._keep, "dumps": complete, "unfinished": unfinished}

    def restore(self, label: str, database: str, into: str) -> None:
        """A database of a dump (`latest`: the newest one), into one that has no tables: everything in it is its
        owner's. Raises Failed."""
        known = {one["label"]: one for one in self._store.complete()}
        label = max(known, default=label) if label == "latest" else label
        if label not in known or database not in known[label]["files"]:
            there = ", ".join(f"{each} ({', '.join(one['files'])})" for each, one in known.items()) or "none"
            raise Failed(f"{database} of {label} is in no complete dump; there are: {there}")
        if into not in self._owners:
            raise Failed(f"{into} is no database of the cluster; there are: {', '.join(self._owners)}")
        host = next((self._members[name] for name in self._members if self._is(name, "primary")), None)
        if host is None:
            raise Failed("no server of the cluster is the primary")
        server = Server(into, host, self._program("psql"), self._owners[into], self._passwords[self._owners[into]])
        tables = server.query(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p') "
            "AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d "
            "WHERE d.objid = c.oid AND d.deptype = 'e')",
            database=into,
        )
        if tables != [("0", "")]:
            raise Failed(f"{into} has tables already: restore into a database that has none")
        line = [
            self._program("pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
            *self._login(host, self._owners[into]), "-d", into,
        ]  # fmt: skip
        read = self._store.read(label, f"{database}.dump", line, self._env(self._owners[into]))
        self._same(read, known[label]["files"][database], database)
        print(f"{database} of {label} is restored into {into}", flush=True)

    def _sources(self) -> Iterator[tuple[str, str]]:
        """A replica that is healthy, if there is one; then the primary."""
        for wanted in (f"replica?lag={_LAG}", "primary"):
            found = next((name for name in self._members if self._is(name, wanted)), None)
            if found is not None:
                yield found, self._members[found]

    def _is(self, name: str, what: str) -> bool:
        scheme, context = os.environ.get("HA_REST_SCHEME", "http"), None
        if scheme == "https":
            context = ssl.create_default_context(cafile=f"{os.environ['HA_REST_TLS']}/ca.pem")
        url = f"{scheme}://{self._members[name]}:8008/{what}"
        try:
            with urllib.request.urlopen(url, timeout=_LOOK_SECONDS, context=context) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.HTTPError):
            return False

    def _taken(self, label: str, source: str, host: str) -> Json:
        files = {}
        for database, owner in self._owners.items():
            line = [self._program("pg_dump"), "-Fc", f"--lock-wait-timeout={_LOCK_WAIT}", *self._login(host, owner)]
            files[database] = self._store.write(label, f"{database}.dump", [*line, "-d", database], self._env(owner))
            # The whole archive as SQL: each block of it is read, and what cannot be is an error.
            check = [self._program("pg_restore"), "-f", "/dev/null"]
            self._same(self._store.read(label, f"{database}.dump", check), files[database], database)
            print(f"dumps: {database} from {source}, {files[database]['bytes']} bytes, read again", flush=True)
        database, owner = next(iter(self._owners.items()))
        line = [self._program("pg_dumpall"), "--globals-only", "--no-role-passwords", *self._login(host, owner)]
        roles = self._store.write(label, _GLOBALS, [*line, "-l", database], self._env(owner))
        self._same(self._store.read(label, _GLOBALS, ["cat"]), roles, _GLOBALS)
        return {"source": source, "files": files}

    def _same(self, read: Json, written: Json, what: str) -> None:
        if read != written:
            raise Failed(f"{what} in the repository is not what was written: {read} and not {written}")

    def _remove_old(self, newest: str) -> None:
        """Never the one that was just taken; what was begun and not finished goes too."""
        complete = [one["label"] for one in self._store.complete()]
        kept = {newest, *complete[-self._keep :]}
        for label in self._store.labels():
            if label not in kept and label < newest:
                self._store.remove(label)
                print(f"dumps: {label} is removed", flush=True)

    def _program(self, name: str) -> str:
        return f"{self._bin}/{name}" if self._bin else name

    def _login(self, host: str, owner: str) -> list[str]:
        return ["-w", "-h", host, "-U", owner]

    def _env(self, owner: str) -> dict[str, str]:
        return os.environ | {"PGPASSWORD": self._passwords[owner], "PGCONNECT_TIMEOUT": "10"}


def main(directory: str, verb: str, *line: str) -> int:
    """The exit code; what failed is the last line."""
    place = Path(directory)
    told = json.loads((place / "dumps.json").read_text())
    dumps = Dumps(told, json.loads((place / "passwords.json").read_text()), Store(told["cluster"]))
    try:
        if verb == "take":
            dumps.take()
        elif verb == "list":
            print(json.dumps(dumps.listed()))
        elif verb == "restore" and len(line) == 3:
            dumps.restore(*line)
        else:
            raise Failed("say take, list, or restore LABEL DATABASE INTO")
    except (Failed, NotYet) as failed:
        print(f"dumps: {failed}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
