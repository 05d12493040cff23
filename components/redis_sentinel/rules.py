"""Rules of caches about what a stack file hands on to Redis."""

import difflib
from collections.abc import Iterator

from components.context import Context
from components.redis.parameters import PARAMETERS, value_of
from components.redis_sentinel.settings import RedisSettings
from model import Origin
from settings.faults import Fault, shown
from settings.types import duration_text


def redis_takes_parameters(context: Context) -> Iterator[Fault]:
    """Every parameter is one that Redis has, with a value that it takes."""
    for name, settings in context.parts("caches").items():
        if not isinstance(settings, RedisSettings):
            continue  # somebody else runs it
        for parameter, text in settings.parameters.items():
            path = str(Origin(key="caches", name=name).at("parameters", parameter))
            if parameter not in PARAMETERS:
                close = difflib.get_close_matches(parameter, PARAMETERS, n=1)
                fix = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(PARAMETERS)}."
                yield Fault(path=path, rule="is not a parameter of Redis that can be set", fix=fix)
                continue
            try:
                value_of(parameter, text)
            except ValueError as error:
                yield Fault(path=path, rule=str(error), got=shown(path, text))


def replicas_are_there(context: Context) -> Iterator[Fault]:
    """A write needs no more replicas than there are, and a lag is said only where it counts."""
    for name, settings in context.parts("caches").items():
        if not isinstance(settings, RedisSettings):
            continue
        place, replicas = Origin(key="caches", name=name).at("min_replicas"), settings.members - 1
        if settings.replicas_to_write > replicas:
            yield Fault(
                path=str(place.at("to_write")),
                rule=f"needs more replicas than there are: {replicas} with `members: {settings.members}`, so every "
                "write would be refused",
                got=str(settings.replicas_to_write),
                fix="Set `members: 3`." if replicas == 0 else f"Write {replicas} or less.",
            )
        elif settings.min_replicas.max_lag is not None and not settings.replicas_to_write:
            yield Fault(
                path=str(place.at("max_lag")),
                rule="has no effect: a write needs no replica",
                got=duration_text(settings.min_replicas.max_lag * 1000),
                fix="Leave it out." if replicas == 0 else "Leave it out, or write `to_write: 1`.",
            )


_UNSAFE = {
    "appendfsync": ("everysec", "no"),
    "no-appendfsync-on-rewrite": ("yes",),
}
"""Values with which an acknowledged lock is not on disk."""
_EMPTYING = ("flushall", "flushdb", "swapdb")


def locks_are_kept(context: Context) -> Iterator[Fault]:
    """Nothing lets go of a lock but who holds it, and time."""
    for name, settings in context.parts("caches").items():
        if not isinstance(settings, RedisSettings) or settings.role != "lock":
            continue
        place = Origin(key="caches", name=name)
        if settings.members > 1 and not settings.replicas_to_write:
            yield Fault(
                path=str(place.at("min_replicas", "to_write")),
                rule="must be 1 or more for locks: a master that is cut off would give out those that others hold",
                got="0",
                fix="Leave it out.",
            )
        for parameter, values in _UNSAFE.items():
            if (text := settings.parameters.get(parameter, "").lower()) in values:
                yield Fault(
                    path=str(place.at("parameters", parameter)),
                    rule="acknowledges a lock before it is on disk, and `role: lock` promises that it is",
                    got=text,
                    fix="Leave it out.",
                )
        for index, command in enumerate(settings.app_commands):
            if command in _EMPTYING:
                yield Fault(
                    path=f"{place.at('app_commands')}[{index}]",
                    rule="takes all locks away from those who hold them",
                    got=repr(command),
                    fix="Leave it out, or use another cache for what may be emptied.",
                )


RULES = (redis_takes_parameters, replicas_are_there, locks_are_kept)
