"""What Prometheus says of one service, as readings. Each expression leaves out figures that are not fresh, so what is
old is missing, as what was never there."""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from .decide import Reading, Total

SECONDS = 5.0
"""For an answer of Prometheus."""
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Json = dict[str, Any]


class Unanswered(Exception):
    """Prometheus gave no answer that can be read."""


def readings(
    prometheus: str, metrics: list[Json], running: list[str], say: Callable[[str], None]
) -> tuple[Reading | Total, ...]:
    """Of the metrics in a service's configuration, of each container or (`whole`) of all together. `running`: the
    containers that are to tell something. One that Prometheus does not answer for says nothing, and `say` is told why.
    """
    return tuple(
        _total(prometheus, one, say) if one.get("whole") else _reading(prometheus, one, running, say) for one in metrics
    )


def _total(prometheus: str, metric: Json, say: Callable[[str], None]) -> Total:
    name, target = str(metric["name"]), float(metric["target"])
    try:
        found = vector(prometheus, metric["query"])
    except Unanswered as error:
        say(str(error))
        found = []
    if len(found) > 1:
        say(f"{name} is {len(found)} series, and has to be one: sum them")
        found = []
    return Total(name, found[0][1] / target if found else None)


def _reading(prometheus: str, metric: Json, running: list[str], say: Callable[[str], None]) -> Reading:
    name, target = str(metric["name"]), float(metric["target"])
    try:
        values = {labels.get("container", ""): value for labels, value in vector(prometheus, metric["query"])}
    except Unanswered as error:
        say(str(error))
        values = {}
    told = tuple(values[one] / target for one in running if one in values)
    # Kubernetes: one that says nothing uses all that it requests, or the target where that is more.
    return Reading(name, told, len(running), missing=max(1.0, float(metric["request"]) / target))


def vector(prometheus: str, query: str) -> list[tuple[Json, float]]:
    """The result of an instant query: labels and value of each series. Raises Unanswered."""
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query, 'timeout': f'{SECONDS:g}s'})}"
    try:
        with _DIRECT.open(url, timeout=SECONDS) as answer:
            body = json.load(answer)
        if body["status"] != "success" or body["data"]["resultType"] != "vector":
            raise Unanswered(f"Prometheus answers {str(body)[:200]}")
        found = [(one["metric"], float(one["value"][1])) for one in body["data"]["result"]]
    except HTTPError as error:
        raise Unanswered(f"Prometheus does not answer: {error}{_why(error)}") from error
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise Unanswered(f"Prometheus does not answer: {error}") from error
    return [(labels, value) for labels, value in found if math.isfinite(value)]


def _why(error: HTTPError) -> str:
    """What Prometheus says of an expression that it does not take."""
    with suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
        return f": {json.loads(error.read(2000))['error']}"
    return ""
