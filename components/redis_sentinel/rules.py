"""Rules of caches about what a stack file hands on to Redis."""

import difflib
from collections.abc import Iterator

from components.context import Context
from components.redis_sentinel.parameters import PARAMETERS, value_of
from components.redis_sentinel.settings import RedisSettings
from model import Origin
from settings.faults import Fault, shown


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


RULES = (redis_takes_parameters,)
