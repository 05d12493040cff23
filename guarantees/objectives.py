"""What a store has to keep, said in the stack file, and where a promise misses it."""

from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from guarantees.loss import Loss
from guarantees.promise import Promise
from guarantees.timer import seconds_text
from settings.base import Settings
from settings.types import Seconds, duration_text


def _none(value: object) -> object:
    """Of nothing there is no unit."""
    return "0s" if value in (0, "0") and not isinstance(value, bool) else value


LostWrites = Annotated[
    Seconds,
    Field(le=24 * 3600),
    BeforeValidator(_none),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": r"^(0|(\d+h)?(\d+m)?(\d+s)?)$", "maximum": 0, "minimum": 0}
    ),
]
"""`0`: none; `5s`: those of the last 5 s."""


class ObjectivesSettings(Settings):
    """What has to hold when one container, process or host is lost. A stack that does not promise it is refused."""

    write_outage: Annotated[Seconds, Field(ge=1, le=24 * 3600)] | None = None
    """The longest time without writes after a fault; default: whatever follows from the timers."""
    planned_outage: Annotated[Seconds, Field(ge=1, le=24 * 3600)] | None = None
    """The same for what somebody asks for: a switchover, a stopped master; default: whatever follows."""
    lost_writes: LostWrites | None = None
    """Acknowledged writes that a fault may lose: `0`, or the last seconds of them (`5s`); default: whatever follows."""


class Miss(NamedTuple):
    """An objective that a promise does not keep: its key, the rule, the value and what to do."""

    key: str
    rule: str
    got: str
    fix: str


def misses(objectives: ObjectivesSettings, promises: Iterable[Promise]) -> Iterator[Miss]:
    """Each objective that is missed, by the fault that misses it most."""
    known = [one for one in promises if not one.everything]
    for key, wanted, planned in (
        ("write_outage", objectives.write_outage, False),
        ("planned_outage", objectives.planned_outage, True),
    ):
        if wanted is None:
            continue
        broken = [one for one in known if one.planned is planned and _longest(one) > wanted * 1000]
        if broken:
            yield _outage(key, max(broken, key=_longest), wanted)
    if objectives.lost_writes is not None:
        wanted = objectives.lost_writes * 1000
        lossy = [one for one in known if one.loss.bound is None or one.loss.bound > wanted]
        if lossy:
            worst = max(lossy, key=lambda one: (one.loss.bound is None, one.loss.cut_off_millis, one.loss.bound or 0))
            yield _lost(worst.fault, worst.loss, wanted)


def _longest(promise: Promise) -> float:
    return float("inf") if promise.outage_millis is None else promise.outage_millis


def _outage(key: str, promise: Promise, wanted: int) -> Miss:
    got = duration_text(wanted * 1000)
    if promise.outage_millis is None:
        return Miss(
            key, f"is missed: after `{promise.fault}` there are no writes {promise.unbounded}", got, promise.fix
        )
    longest = seconds_text(promise.outage_millis)
    largest = sorted((one for one in promise.timers if one.setting), key=lambda one: -one.millis)
    keys = list(dict.fromkeys(f"`{one.setting}`" for one in largest))
    lower = f"Lower {' or '.join(keys)}, or raise" if keys else "Raise"
    return Miss(
        key,
        f"is missed: after `{promise.fault}` there may be no writes for {longest} s",
        got,
        f"It is made of, in seconds: {promise.made_of}. {lower} the objective.",
    )


def _lost(fault: str, loss: Loss, wanted: int) -> Miss:
    raised = "" if loss.bound is None else f" Or write `lost_writes: {duration_text(loss.bound)}`."
    return Miss(
        "lost_writes",
        f"is missed: after `{fault}` may be lost: {loss}",
        duration_text(wanted) if wanted else "0",
        loss.fix + raised,
    )
