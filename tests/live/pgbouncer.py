"""PgBouncer as the sandbox's image has it: of Debian trixie, which this machine's own may be older than.

It is unpacked with the libraries that it needs, into the cache of what is built once, and run with its own loader.
"""

import fcntl
import os
import shutil
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir
from sandbox.images.archives import sources
from sandbox.images.recipe import recipe
from tests.live.require import refuse

_NEEDED = ("pgbouncer_", "lib", "zlib1g_")


def pgbouncer() -> tuple[str, ...]:
    """What its command begins with. Skips where it cannot be had."""
    suite = recipe("base").suite
    root = cache_dir() / "programs" / f"pgbouncer-{suite}"
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            if not shutil.which("apt-get") or os.geteuid() != 0:
                refuse("not here: apt-get and root, for PgBouncer of the images' Debian")
            try:
                _unpack(suite, root)
            except HostError as error:
                refuse(f"PgBouncer of Debian {suite} cannot be had: {error}")
    (loader,) = root.glob("usr/lib*/ld-linux-*.so.*")
    (libraries,) = (found.parent for found in root.glob("usr/lib/*/libc.so.6"))
    return str(loader), "--library-path", str(libraries), str(root / "usr/sbin/pgbouncer")


def _unpack(suite: str, root: Path) -> None:
    """In a directory of its own until it is whole."""
    work = root.with_suffix(".new")
    shutil.rmtree(work, ignore_errors=True)
    for directory in ("lists/partial", "archives/partial", "root"):
        (work / directory).mkdir(parents=True)
    (work / "sources.list").write_text(sources(suite) or f"deb http://deb.debian.org/debian {suite} main\n")
    (work / "status").touch()
    options = [
        f"Dir::Etc::sourcelist={work}/sources.list",
        "Dir::Etc::sourceparts=-",
        "Dir::Etc::preferencesparts=-",
        f"Dir::State::lists={work}/lists",
        f"Dir::State::status={work}/status",
        f"Dir::Cache::archives={work}/archives",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        "Acquire::Languages=none",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=root",
    ]
    apt = ("apt-get", "-q", *(word for option in options for word in ("-o", option)))
    commands.run(*apt, "update")
    commands.run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", "pgbouncer")
    for package in (work / "archives").glob("*.deb"):
        if package.name.startswith(_NEEDED) and "perl" not in package.name:
            commands.run("dpkg-deb", "--extract", str(package), str(work / "root"))
    (work / "root").rename(root)
    shutil.rmtree(work)
