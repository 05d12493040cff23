"""How a cluster begins, called by Patroni where no member has data: `backup_bootstrap [--own DIR] [--other DIR]`.

Where the repository has backups of this cluster, all members have lost their data: it begins with the latest that the
archive has. Else it begins with what another database was at a moment, if that is wanted, and empty if not. Nothing is
begun empty beside backups, nor where a repository cannot be asked.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .backup_repository import Backup, Failed, Repositories
from .backup_restore import Files, Target
from .backup_target import Refused, chosen
from .sql import NotYet, Server

_NEW = ("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth-host=scram-sha-256", "--auth-local=peer")
"""As a cluster without backups begins (cluster.yml)."""
_APART = ("archive_mode=off", "max_logical_replication_workers=0", "max_worker_processes=0")
"""Of the servers that make another database's data this one's: its archive, its subscriptions' sources and whatever its
extensions do are the other's, which goes on."""
_DATABASES = "SELECT datname, '' FROM pg_database WHERE datallowconn AND datconnlimit <> -2"
_DISABLE = """DO $do$
DECLARE one name;
BEGIN
  FOR one IN SELECT subname FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid
    WHERE datname = current_database() AND subenabled LOOP
    EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', one);
  END LOOP;
END $do$"""
Told = dict[str, Any]


def main(*line: str) -> int:
    """0 when there is a cluster; the log has the reason otherwise, and Patroni tries again."""
    parser = argparse.ArgumentParser(prog="backup_bootstrap")
    parser.add_argument("--own", type=Path, help="the folder of this cluster's backups")
    parser.add_argument("--other", type=Path, help="the folder that says of which database it begins as a copy")
    given = parser.parse_args(line)
    own: Told | None = json.loads((given.own / "agent.json").read_text()) if given.own else None
    other: Told | None = json.loads((given.other / "from.json").read_text()) if given.other else None
    told = own or other or {}
    place = Path(told["volume"], "pgbackrest")
    place.mkdir(exist_ok=True)
    files = Files(Path(told["volume"], "pgdata"), told["bin"], place)
    if own is not None:
        try:
            backups = _read(repositories := Repositories(own["stanza"], own["repositories"]))
        except Failed as failed:
            return _refused(
                f"no member has data, and whether there are backups cannot be told: {failed}. Those of a former stack "
                "need its passphrase (`repositories.<name>.passphrase`); to begin without them choose another `prefix`."
            )
        if backups:
            _say(f"no member has data, and there are {len(backups)} backups: the latest is restored")
            try:
                files.restore(repositories, Target())
            except Failed as failed:
                return _refused(f"no member has data, and the latest backup was not restored: {failed}")
            _say("restored")
            return 0
    if other is not None:
        os.environ["PGBACKREST_CONFIG"] = str(given.other / "pgbackrest.conf")  # also of the server that replays
        try:
            _copy(other, place)
        except (Failed, Refused, NotYet) as failed:
            return _refused(f"this does not begin as {other['stanza']} was (`restore_from`): {failed}")
        return 0
    command = [files.program("initdb"), "-D", str(files.data), "--username=postgres", *_NEW]
    return subprocess.run(command, check=False).returncode


def _copy(other: Told, place: Path) -> None:
    """What another database was. Raises Failed, Refused, NotYet."""
    files = Files(Path(other["volume"], "pgdata"), other["bin"], place, _APART)
    repositories = Repositories(other["stanza"], other["repositories"])
    backups = [one._asdict() for one in _read(repositories)]
    target = Target(**chosen(other["to"], other["timeline"], backups, time.time()))
    _say(f"this begins as {other['stanza']} was: {other['to']}")
    files.restore(repositories, target)
    with files.serve() as socket:
        server = Server("the restored server", socket, files.program("psql"), "postgres")
        for name, _ in server.query(_DATABASES):
            if refused := server.refused(_DISABLE, database=name):
                raise Failed(f"subscriptions of database {name} were not disabled: {refused}")
    shutil.rmtree(place / "archive" / other["stanza"], ignore_errors=True)  # what was fetched ahead
    _say("restored")


def _read(repositories: Repositories) -> list[Backup]:
    backups, faults = repositories.backups()
    if faults:
        raise Failed("; ".join(f"repository {name}: {why}" for name, why in faults.items()))
    return backups


def _say(what: str) -> None:
    print(f"backups: {what}", flush=True)


def _refused(why: str) -> int:
    print(f"backups: {why}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
