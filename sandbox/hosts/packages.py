"""Debian packages that the sandbox needs: installed when missing, their services neither started nor stopped."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.lock import exclusive

_POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSE_STARTS = "#!/bin/sh\nexit 101\n"


def missing(packages: dict[str, str]) -> list[str]:
    """The packages whose program (`{package: program}`; a path or a name on PATH) is not there."""
    return [package for package, program in packages.items() if not _has(program)]


def ensure(packages: dict[str, str]) -> list[str]:
    """Install what is missing of `{package: program}` by apt; returns the names that were installed."""
    wanted = missing(packages)
    if not wanted:
        return []
    if not shutil.which("apt-get"):
        raise HostError(
            f"the packages {', '.join(wanted)} are missing and this machine has no apt-get; use Debian 12, or set "
            "DOCKER_HOST to a Docker that is there"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # One installation at a time: the first to end would let the services of the others start.
    with exclusive(_POLICY.parent), _no_service_starts():
        apt = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")
        try:
            commands.run(*apt, "install", "--no-install-recommends", *wanted, env=environment)
        except HostError:
            _install_with_fresh_lists(apt, wanted, environment)
    if still := missing(packages):
        raise HostError(f"apt installed {', '.join(still)} but its programs are not there; reinstall these packages")
    return wanted


def _install_with_fresh_lists(apt: Sequence[str], wanted: list[str], environment: dict[str, str]) -> None:
    """Package lists that are old or were never fetched are the usual reason of a failure."""
    try:
        commands.run(*apt, "update", env=environment)
        commands.run(*apt, "install", "--no-install-recommends", *wanted, env=environment)
    except HostError as error:
        names = ", ".join(wanted)
        raise HostError(f"apt could not install {names}; check this machine's package sources ({error})") from None


def _has(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep maintainer scripts from starting daemons (invoke-rc.d asks policy-rc.d; exit 101 forbids)."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text(_REFUSE_STARTS)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
