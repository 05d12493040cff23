"""`python -m tests.live.programs`: installs what tests run on loopback, from Debian. Nothing is started."""

import os
import shutil
import sys

from sandbox.hosts.errors import HostError
from sandbox.hosts.packages import ensure, missing

PROGRAMS = {
    "haproxy": "/usr/sbin/haproxy",
    "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
    "pgbackrest": "/usr/bin/pgbackrest",
    "redis-server": "/usr/bin/redis-server",
    "redis-sentinel": "/usr/bin/redis-sentinel",
    "etcd-server": "/usr/bin/etcd",
    "etcd-client": "/usr/bin/etcdctl",
    "curl": "/usr/bin/curl",
    "openssh-server": "/usr/sbin/sshd",
    "prometheus": "/usr/bin/promtool",
    "prometheus-alertmanager": "/usr/bin/amtool",
}
"""Debian package -> its program."""


def main() -> int:
    """Tests whose program is missing are skipped with the reason; REQUIRE_LIVE=1 makes that a failure, here first."""
    if missing(PROGRAMS) and (os.geteuid() != 0 or not shutil.which("apt-get")):
        print(f"not here, and not to be installed without root and apt: {', '.join(missing(PROGRAMS))}")
        return 0
    try:
        ensure(PROGRAMS)
    except HostError as error:
        print(f"programs for live tests: {error}", file=sys.stderr)
        return int(os.environ.get("REQUIRE_LIVE") == "1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
