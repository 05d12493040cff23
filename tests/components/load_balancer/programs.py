"""Where an engine's real program is, and how it is started with a configuration."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.live import trixie
from tests.live.require import require_programs


def _haproxy() -> tuple[str, ...]:
    require_programs("haproxy", packages="the Debian package haproxy")
    path = shutil.which("haproxy")
    assert path
    return (path,)


_PROGRAMS: dict[str, Callable[[], tuple[str, ...]]] = {"haproxy": _haproxy, "nginx": trixie.nginx}


def program(engine: str) -> tuple[str, ...]:
    """What a command of the engine begins with. Skips where it cannot be had; fails with REQUIRE_LIVE=1."""
    return _PROGRAMS[engine]()


def running(engine: str, config: Path, by: Sequence[str] = ()) -> list[str]:
    """As the engine's own command, but for the place of the file. `by`: another program of the engine."""
    options = {"haproxy": ["-W", "-db", "-f", str(config)], "nginx": ["-e", "stderr", "-c", str(config)]}
    return [*(by or program(engine)), *options[engine]]


def checking(engine: str, config: Path) -> list[str]:
    """Whether it accepts the configuration."""
    options = {"haproxy": ["-W", "-c", "-f", str(config)], "nginx": ["-e", "stderr", "-t", "-c", str(config)]}
    return [*program(engine), *options[engine]]
