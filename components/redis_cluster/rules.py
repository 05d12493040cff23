"""Rules of clusters about what a stack file hands on to Redis."""

import difflib
from collections.abc import Iterator

from components.context import Context
from components.redis.parameters import PARAMETERS, value_of
from components.redis_cluster.settings import ClusterSettings
from model import Origin
from settings.faults import Fault, shown


def _clusters(context: Context) -> Iterator[tuple[Origin, ClusterSettings]]:
    for name, settings in context.parts("clusters").items():
        if isinstance(settings, ClusterSettings):
            yield Origin(key="clusters", name=name), settings


def redis_takes_parameters(context: Context) -> Iterator[Fault]:
    """Every parameter is one that Redis has, with a value that it takes."""
    for place, settings in _clusters(context):
        for parameter, text in settings.parameters.items():
            path = str(place.at("parameters", parameter))
            if parameter not in PARAMETERS:
                close = difflib.get_close_matches(parameter, PARAMETERS, n=1)
                fix = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(PARAMETERS)}."
                yield Fault(path=path, rule="is not a parameter of Redis that can be set", fix=fix)
                continue
            try:
                value_of(parameter, text)
            except ValueError as error:
                yield Fault(path=path, rule=str(error), got=shown(path, text))


def threads_have_processors(context: Context) -> Iterator[Fault]:
    """A thread without a processor holds up the others: they wait for each other at every turn."""
    for place, settings in _clusters(context):
        text = settings.parameters.get("io-threads", "1")
        threads, millis = int(text) if text.isdigit() else 1, settings.member_resources.cpu_limit_millis
        if threads > 1 and threads * 1000 > millis:
            yield Fault(
                path=str(place.at("parameters", "io-threads")),
                rule=f"needs {threads} CPUs, and a member has {millis}m at most: threads wait for each other",
                got=text,
                fix=f"Set `resources.cpu_limit: {threads}`, or leave it out.",
            )


RULES = (redis_takes_parameters, threads_have_processors)
