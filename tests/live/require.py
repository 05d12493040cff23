"""What a live test needs of the machine."""

import os
import shutil
from typing import NoReturn

import pytest

from sandbox.hosts import packages, preflight


def require_hosts() -> None:
    """Refuse where sandbox hosts cannot run; else the programs that make them are installed."""
    if faults := preflight.faults():
        refuse("; ".join(faults))
    packages.ensure(preflight.HOST_PACKAGES)


def require_programs(*names: str, packages: str) -> None:
    """Refuse where one is not on PATH; `packages` says where they come from."""
    if missing := [name for name in names if shutil.which(name) is None]:
        refuse(f"not here: {', '.join(missing)} ({packages})")


def refuse(reason: str) -> NoReturn:
    """Skip, with the reason; with REQUIRE_LIVE=1 fail."""
    if os.environ.get("REQUIRE_LIVE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
