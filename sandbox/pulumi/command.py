"""Which `pulumi` there is: the one on PATH where it is as new as the SDK, else one that is built."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path

from sandbox.golang.programs import GoPrograms
from sandbox.hosts import commands
from sandbox.hosts.errors import HostError

VERSION = "v3.274.1"
"""The version of github.com/pulumi/pulumi/pkg/v3 in build/go.mod: the next one after the SDK's that is a Go module."""

PROGRAM = GoPrograms(
    said="the Pulumi CLI",
    folder="pulumi",
    version=VERSION,
    source=Path(__file__).with_name("build"),
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    link_flags=f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}",
    minutes=6,
)


def on_path() -> Path | None:
    """The `pulumi` on PATH, if it is at least as new as the SDK that the program is written in."""
    found = shutil.which("pulumi")
    return Path(found) if found and _version(found) >= _minor(version("pulumi")) else None


def built() -> Path | None:
    """The `pulumi` that `ensure` built before."""
    path = PROGRAM.directory() / "pulumi"
    return path if path.exists() else None


def ensure() -> Path:
    """The `pulumi` to use; it is built where PATH has none that is new enough. Raises HostError when it cannot be."""
    return on_path() or PROGRAM.ensure() / "pulumi"


def _version(program: str) -> tuple[int, int]:
    try:
        return _minor(commands.run(program, "version", seconds=30))
    except HostError:
        return 0, 0


def _minor(text: str) -> tuple[int, int]:
    found = re.match(r"v?(\d+)\.(\d+)\.", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)
