"""What differs between the settings that are wanted and those in force, and who must be restarted for them."""

from typing import Any

Settings = dict[str, Any]


def difference(wanted: Settings, actual: Settings) -> Settings:
    """What must be sent so that `actual` becomes `wanted`; None removes a key. Other keys of `actual` stay."""
    changes: Settings = {}
    for key, value in wanted.items():
        if isinstance(value, dict):
            below = actual.get(key)
            if part := difference(value, below if isinstance(below, dict) else {}):
                changes[key] = part
        elif value != actual.get(key):
            changes[key] = value
    return changes


def misfits(wanted: Settings, running: dict[str, str]) -> dict[str, str]:
    """Parameters that need a restart to be as wanted, with the value that runs. What is only to be removed is not
    among them: its default is not known."""
    set_here = {name: str(value) for name, value in wanted.items() if value is not None and name in running}
    return {name: running[name] for name, value in set_here.items() if running[name] != value}


def must_grow(wanted: Settings, running: dict[str, str]) -> bool:
    """Whether a parameter is below its wanted value. A standby must have at least the primary's: it grows first and
    shrinks last."""
    return any(
        value.isdigit() and isinstance(wanted[name], int) and int(value) < wanted[name]
        for name, value in misfits(wanted, running).items()
    )


def next_to_restart(leader: str, wanted: Settings, running: dict[str, dict[str, str]]) -> str | None:
    """Standbys that must grow, then the primary, then the other standbys; None when all fit."""
    unfit = [name for name in sorted(running) if misfits(wanted, running[name])]
    standbys = [name for name in unfit if name != leader]
    growing = [name for name in standbys if must_grow(wanted, running[name])]
    return next(iter([*growing, *(name for name in unfit if name == leader), *standbys]), None)
