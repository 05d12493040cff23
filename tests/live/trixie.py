"""Programs as the sandbox's images have them: of Debian trixie, which this machine's own may be older than.

They are unpacked with the libraries that they need, into the cache of what is built once, and run with their own
loader.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir
from sandbox.images.archives import sources
from sandbox.images.recipe import recipe
from tests.live.require import refuse

_LIBRARIES = ("lib", "zlib1g_")


def pgbouncer() -> tuple[str, ...]:
    """What its command begins with. Skips where it cannot be had."""
    return _program("pgbouncer", "pgbouncer", "usr/sbin/pgbouncer")


def postgres_exporter() -> tuple[str, ...]:
    """As above."""
    return _program("postgres-exporter", "prometheus-postgres-exporter", "usr/bin/prometheus-postgres-exporter")


def rabbitmq() -> tuple[Path, Path]:
    """Where the commands of RabbitMQ and of Erlang are, both for a PATH. Erlang's programs are called by each other,
    so each is a script that starts the real one with its own loader."""
    root = _root("rabbitmq", "rabbitmq-server", ("rabbitmq-server", "erlang-", *_LIBRARIES), _wrapped)
    (server,) = root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")
    return server, root / "usr/lib/erlang/bin"


def _wrapped(work: Path, root: Path) -> None:
    """`work` will be moved to `root`."""
    erlang = work / "usr/lib/erlang"
    loader, libraries = (root / path.relative_to(work) for path in _loader(work))
    for path in (*erlang.glob("bin/*"), *erlang.glob("erts-*/bin/*"), *erlang.glob("lib/*/priv/bin/*")):
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes()
        if text.startswith(b"\x7fELF"):
            real = path.rename(path.with_name(f"{path.name}.real"))
            there = root / real.relative_to(work)
            path.write_text(f'#!/bin/sh\nexec {loader} --library-path {libraries} --argv0 "$0" {there} "$@"\n')
            path.chmod(0o755)
        elif b"ROOTDIR=/usr/lib/erlang" in text:
            path.write_bytes(text.replace(b"/usr/lib/erlang", str(root / "usr/lib/erlang").encode()))


def _program(name: str, package: str, path: str) -> tuple[str, ...]:
    root = _root(name, package, (f"{package}_", *_LIBRARIES))
    loader, libraries = _loader(root)
    return str(loader), "--library-path", str(libraries), str(root / path)


def _loader(root: Path) -> tuple[Path, Path]:
    """What starts a program, and where its libraries are."""
    (loader,) = root.glob("usr/lib*/ld-linux-*.so.*")
    (libraries,) = (found.parent for found in root.glob("usr/lib/*/libc.so.6"))
    return loader, libraries


def _root(
    name: str, package: str, wanted: tuple[str, ...], change: Callable[[Path, Path], None] = lambda _, __: None
) -> Path:
    """The package with what it depends on, as far as its archive's name begins with one of `wanted`."""
    suite = recipe("base").suite
    root = cache_dir() / "programs" / f"{name}-{suite}"
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            if not shutil.which("apt-get") or os.geteuid() != 0:
                refuse(f"not here: apt-get and root, for {package} of the images' Debian")
            try:
                _unpack(suite, package, root, wanted, change)
            except HostError as error:
                refuse(f"{package} of Debian {suite} cannot be had: {error}")
    return root


def _unpack(
    suite: str, package: str, root: Path, wanted: tuple[str, ...], change: Callable[[Path, Path], None]
) -> None:
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
    commands.run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", package)
    for archive in (work / "archives").glob("*.deb"):
        if archive.name.startswith(wanted) and "perl" not in archive.name:
            commands.run("dpkg-deb", "--extract", str(archive), str(work / "root"))
    change(work / "root", root)
    (work / "root").rename(root)
    shutil.rmtree(work)
