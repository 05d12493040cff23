"""How a cluster begins: `backup_bootstrap DIRECTORY`, called by Patroni where no member has data.

Where the repository has backups of this cluster, all members have lost their data: it begins with the latest that the
archive has. Nothing is begun empty beside backups, nor where the repository cannot be asked.
"""

import json
import subprocess
import sys
from pathlib import Path

from .backup_repository import Failed, Repositories
from .backup_restore import Files, Target

_NEW = ("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth-host=scram-sha-256", "--auth-local=peer")
"""As a cluster without backups begins (cluster.yml)."""


def main(directory: str) -> int:
    """0 when there is a cluster; the log has the reason otherwise, and Patroni tries again."""
    told = json.loads(Path(directory, "agent.json").read_text())
    place = Path(told["volume"], "pgbackrest")
    place.mkdir(exist_ok=True)
    files = Files(Path(told["volume"], "pgdata"), told["bin"], place)
    repositories = Repositories(told["stanza"], told["repositories"])
    try:
        backups, faults = repositories.backups()
        if faults:
            raise Failed("; ".join(f"repository {name}: {why}" for name, why in faults.items()))
    except Failed as failed:
        return _refused(
            f"no member has data, and whether there are backups cannot be told: {failed}. Those of a former stack need "
            "its passphrase (`repositories.<name>.passphrase`); to begin without them choose another `prefix`."
        )
    if backups:
        print(f"backups: no member has data, and there are {len(backups)} backups: the latest is restored", flush=True)
        try:
            files.restore(repositories, Target())
        except Failed as failed:
            return _refused(f"no member has data, and the latest backup was not restored: {failed}")
        print("backups: restored", flush=True)
        return 0
    line = [files.program("initdb"), "-D", str(files.data), "--username=postgres", *_NEW]
    return subprocess.run(line, check=False).returncode


def _refused(why: str) -> int:
    print(f"backups: {why}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
