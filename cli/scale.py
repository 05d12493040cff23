"""`make scale`: the replicas of an application by hand, for a time."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.check import check
from cli.engines import Engine
from cli.errors import CommandError
from cli.outputs import stack_outputs
from cli.stack_file import ROOT, StackFile
from composition.by_hand import VARIABLE, ByHand, applied, output, recorded
from composition.kinds import components
from composition.stack import Stack
from settings.types import whole_seconds

LONGEST = 30 * 24 * 3600
DEFAULT = "1h"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asked of one application: a count, or None where the stack file's holds again."""

    app: str
    by_hand: ByHand | None


def asked(stack: StackFile, settings: Stack, app: str, to: str, lasts: str) -> Asked:
    """Raises CommandError where the words are none, or where the stack would not stand with this count."""
    _check_app(stack, settings, app)
    seconds = _seconds(lasts or DEFAULT)
    if not seconds:
        return Asked(app=app, by_hand=None)
    if not (to.isascii() and to.isdecimal()):
        raise CommandError(f"TO={to} is not a number of replicas; write `{stack.make('scale')} APP={app} TO=3 FOR=1h`.")
    settings_of = settings.apps[app]
    if int(to) == settings_of.count:
        return Asked(app=app, by_hand=None)
    if settings_of.scaling:
        raise CommandError(
            f"{ROOT}.apps.{app}.scaling: the autoscaler sets the count, between `min` {settings_of.scaling.min} and "
            f"`max` {settings_of.scaling.max}. Write another `min` or `max` in the stack file."
        )
    if settings_of.volumes:
        raise CommandError(
            f"{ROOT}.apps.{app}.volumes: each replica has a volume of its own, which would stay behind with its data "
            "at the end. Write `replicas` in the stack file."
        )
    held = ByHand(app=app, replicas=int(to), until=int(time.time()) + seconds)
    check(replace(stack, document=applied(stack.document, [held])))
    return Asked(app=app, by_hand=held)


def hold(
    stack: StackFile,
    settings: Stack,
    engine: Engine,
    resources: Sequence[dict[str, Any]],
    tell: Callable[[str], None],
    change: Asked | None = None,
) -> Stack:
    """The settings with the counts that last, which the engine's program is given too. Says each of them."""
    known = [one for one in recorded(stack_outputs(resources)) if not change or one.app != change.app]
    held = []
    for one in [*known, *([change.by_hand] if change and change.by_hand else [])]:
        app = settings.apps.get(one.app)
        if app is None or app.scaling or app.volumes:
            tell(f"{one.app}: {one.replicas} replicas by hand do not hold any more: the stack file says otherwise")
        elif one.ended():
            tell(f"{one.app}: {one.replicas} replicas by hand ended at {one.end}; the file's {app.count} hold again")
        else:
            tell(f"{one.app}: {one.replicas} replicas by hand until {one.end} (the stack file says {app.count})")
            held.append(one)
    if change and not change.by_hand:
        tell(f"{change.app}: {settings.apps[change.app].count} replicas, as the stack file says")
    give(engine, held)
    if not held:
        return settings
    try:
        return check(replace(stack, document=applied(stack.document, held)))
    except CommandError as broken:
        ways = " or ".join(f"`{stack.make('scale')} APP={one.app} FOR=0`" for one in held)
        raise CommandError(f"with the replicas by hand ({ways} ends them): {broken}") from None


def give(engine: Engine, held: Iterable[ByHand]) -> None:
    """Hand them to the stack's program; what this process was given itself may be old."""
    if counts := output(held):
        engine.environment[VARIABLE] = json.dumps(counts)
    else:
        engine.environment.pop(VARIABLE, None)


def _check_app(stack: StackFile, settings: Stack, app: str) -> None:
    if app in settings.apps:
        return
    apps = ", ".join(sorted(settings.apps)) or "none"
    if not app:
        raise CommandError(f"APP is missing; the applications of stack {stack.name} are: {apps}.")
    of = next((kind.key for kind, part in components(settings) if part.name == app), "")
    said = f"is in `{of}`, and only applications are scaled by hand" if of else f"is not in stack {stack.name}"
    raise CommandError(f"APP={app} {said}; its applications are: {apps}.")


def _seconds(text: str) -> int:
    if text == "0":
        return 0
    try:
        seconds = whole_seconds(text)
    except ValueError as error:
        raise CommandError(f"FOR={text}: {error}.") from None
    if not 60 <= seconds <= LONGEST and seconds:
        raise CommandError(f"FOR={text}: must be from 1m to {LONGEST // 3600}h, or 0 to end it. "
                           "A count for longer belongs in the stack file.")  # fmt: skip
    return seconds
