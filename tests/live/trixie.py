"""Programs as the sandbox's images have them: of Debian trixie, which this machine's own may be older than.

They are unpacked with the libraries that they need, into the cache of what is built once, and run with their own
loader.
"""

import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir
from sandbox.images.archives import sources
from sandbox.images.recipe import recipe
from tests.live.require import refuse

_LISTS_SECONDS = 3600
_LIBRARIES = ("lib", "zlib1g_")


def pgbouncer() -> tuple[str, ...]:
    """What its command begins with. Skips where it cannot be had."""
    return _program("pgbouncer", "pgbouncer", "usr/sbin/pgbouncer")


def pgbackrest() -> tuple[str, ...]:
    """As above."""
    return _program("postgres", "pgbackrest", "usr/bin/pgbackrest")


def postgres_exporter() -> tuple[str, ...]:
    """As above."""
    return _program("postgres-exporter", "prometheus-postgres-exporter", "usr/bin/prometheus-postgres-exporter")


def nginx() -> tuple[str, ...]:
    """As above."""
    return _program("nginx", "nginx", "usr/sbin/nginx")


def haproxy() -> tuple[str, ...]:
    """As above."""
    return _program("haproxy", "haproxy", "usr/sbin/haproxy")


def etcd() -> tuple[str, ...]:
    """As above."""
    return _program("etcd", "etcd-server", "usr/bin/etcd")


def redis_exporter() -> tuple[str, ...]:
    """As above."""
    return _program("redis-exporter", "prometheus-redis-exporter", "usr/bin/prometheus-redis-exporter")


def node_exporter() -> tuple[str, ...]:
    """As above."""
    return _program("node-exporter", "prometheus-node-exporter", "usr/bin/prometheus-node-exporter")


def prometheus() -> tuple[str, ...]:
    """As above."""
    return _program("prometheus", "prometheus", "usr/bin/prometheus")


def alertmanager() -> tuple[str, ...]:
    """As above."""
    return _program("alertmanager", "prometheus-alertmanager", "usr/bin/prometheus-alertmanager")


def rabbitmq() -> tuple[Path, Path]:
    """Where the commands of RabbitMQ and of Erlang are, both for a PATH. Erlang's programs are called by each other,
    so each is a script that starts the real one with its own loader."""
    root = _root("rabbitmq", "rabbitmq-server", ("rabbitmq-server", "erlang-", *_LIBRARIES), _wrapped)
    (server,) = root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")
    return server, root / "usr/lib/erlang/bin"


def on_path(directory: Path, name: str, command: tuple[str, ...]) -> Path:
    """A script of that name which runs the program, also where the program runs itself once more."""
    *loader, real = command
    script = directory / name
    script.write_text(f'#!/bin/sh\nexec {shlex.join(loader)} --argv0 "$0" {shlex.quote(real)} "$@"\n')
    script.chmod(0o755)
    return script


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
    suite = recipe(name).suite or recipe("base").suite
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
    """In a directory of its own until it is whole. The lists of packages are fetched for all of an hour's programs."""
    work, lists = root.with_suffix(".new"), root.parent / f"lists-{suite}"
    shutil.rmtree(work, ignore_errors=True)
    for directory in (work / "archives/partial", work / "root", lists / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    (work / "sources.list").write_text(sources(suite) or f"deb http://deb.debian.org/debian {suite} main\n")
    (work / "status").touch()
    options = [
        f"Dir::Etc::sourcelist={work}/sources.list",
        "Dir::Etc::sourceparts=-",
        "Dir::Etc::preferencesparts=-",
        f"Dir::State::lists={lists}",
        f"Dir::State::status={work}/status",
        f"Dir::Cache::archives={work}/archives",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        "Acquire::Languages=none",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=root",
    ]
    apt = ("apt-get", "-q", *(word for option in options for word in ("-o", option)))
    fetched = lists / "fetched"
    if not fetched.exists() or time.time() - fetched.stat().st_mtime > _LISTS_SECONDS:
        commands.run(*apt, "update")
        fetched.touch()
    commands.run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", package)
    for archive in (work / "archives").glob("*.deb"):
        if archive.name.startswith(wanted) and "perl" not in archive.name:
            commands.run("dpkg-deb", "--extract", str(archive), str(work / "root"))
    change(work / "root", root)
    (work / "root").rename(root)
    shutil.rmtree(work)
