"""A stack promises what its objectives say."""

from collections.abc import Iterator
from dataclasses import replace

from components.context import Context
from composition.promises import each_promise
from guarantees.objectives import Miss, ObjectivesSettings, misses
from guarantees.promise import Promise
from model import Origin
from settings.faults import Fault

KEY = "objectives"


def objectives_hold(context: Context) -> Iterator[Fault]:
    """No fault of a store costs more than its objectives, or the stack's, allow."""
    platform = getattr(context.stack, "platform", None)
    if platform is None or not context.knows("platform"):
        return
    wide: ObjectivesSettings = getattr(context.stack, KEY) if context.knows(KEY) else ObjectivesSettings()
    for part, found in each_promise(context.stack, platform.surroundings()):
        own: ObjectivesSettings = getattr(part.settings, KEY)
        for miss in misses(own, found):
            yield _fault(str(part.origin.at(KEY, miss.key)), "", miss)
        left = ObjectivesSettings(
            **{key: value for key, value in wide if getattr(own, key) is None and value is not None}
        )
        for miss in misses(left, _to_keep(found)):
            yield _fault(str(Origin(key=KEY).at(miss.key)), f"{part.origin.path}: ", miss)


def _to_keep(found: list[Promise]) -> Iterator[Promise]:
    """Without the losses of what is there to be lost: a stack's objective is not meant for it."""
    for one in found:
        yield replace(one, loss=replace(one.loss, millis=0)) if one.loss.disposable else one


def _fault(path: str, where: str, miss: Miss) -> Fault:
    return Fault(path=path, rule=f"{where}{miss.rule}", got=miss.got, fix=miss.fix)


RULES = (objectives_hold,)
