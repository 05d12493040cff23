"""What follows from `celery` for an application's other keys, and what does not go with it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from components.app_tier.celery.settings import CelerySettings
from components.app_tier.uses import Use, each_use
from settings.base import Settings

if TYPE_CHECKING:
    from components.app_tier.settings import AppTierSettings

DIRECTORY = "/etc/ha-celery"
"""Where the programs are mounted."""
PRESET = "celery"
_CHECKS = {"interval": "15s", "timeout": "5s", "start": "2m"}
"""The check starts an interpreter, and a worker's start imports the application."""


def command(settings: CelerySettings, mode: str) -> tuple[str, ...]:
    """One of the programs."""
    return (settings.python, DIRECTORY, mode)


def expanded(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of an application, with those that follow from `celery` and are not there."""
    own = _known(value["celery"])
    python = own.get("python", "python3")
    alive, run = [python, DIRECTORY, "alive"], [python, DIRECTORY, "worker"]
    probes = _known(value.get("probes", {}))
    live = {"command": alive} | _known(probes.get("live", {}))
    return {"command": run, **value, "probes": {"command": alive} | _CHECKS | probes | {"live": live}}


def _known(part: object) -> dict[str, Any]:
    """What somebody wrote, in a stack file or in a program."""
    if isinstance(part, Settings):
        return {key: getattr(part, key) for key in part.model_fields_set}
    return dict(part) if isinstance(part, Mapping) else {}


def broker(settings: "AppTierSettings") -> tuple[str, Use] | None:
    """The name of the broker, and how it is used; None: it is not clear which."""
    assert settings.celery is not None
    found = {name: use for name, use in each_use(settings.uses).items() if use.preset == PRESET}
    if settings.celery.broker is not None:
        found = {name: use for name, use in found.items() if name == settings.celery.broker}
    return next(iter(found.items())) if len(found) == 1 else None


def problems(settings: "AppTierSettings") -> Iterator[str]:
    """What does not go with `celery`."""
    own = settings.celery
    if own is None:
        return
    if broker(settings) is None:
        if own.broker is not None:
            yield f"`celery.broker` ({own.broker}) is not in `uses` with `preset: celery`"
        else:
            yield "`celery` needs one broker: a use with `preset: celery`, or `celery.broker` that says which of them"
    if settings.command != command(own, "worker") or settings.args:
        yield "`celery.worker` says what runs; remove `command` and `args`"
    alive = command(own, "alive")
    if settings.probes.command != alive or settings.probes.live.command != alive:
        yield "`celery.worker` says how it is checked; remove `probes.command` and `probes.live.command`"
    if settings.port is not None or settings.probes.port is not None or settings.probes.tcp is not None:
        yield "`celery.worker` answers no requests; remove `port`, `probes.port` and `probes.tcp`"
    if "REMAP_SIGTERM" in settings.env:
        yield "`env.REMAP_SIGTERM` has no effect on `celery.worker`, which has `longest_request` to stop; remove it"
