"""Who gets an alert, by our own reading of Alertmanager's configuration; `amtool` judges it in live tests."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.monitoring_stack.alertmanager_config import NOBODY

_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"(.*)"')


def reached(config: Mapping[str, Any], labels: Mapping[str, str]) -> set[str]:
    """The receivers of an alert with these labels, without the one that tells nobody."""
    return {*_of(config["route"], labels)} - {NOBODY}


def _of(route: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    """The first fitting route below takes it, and those after it where it says `continue`; else the route itself."""
    below = False
    for one in route.get("routes", ()):
        if all(_fits(matcher, labels) for matcher in one.get("matchers", ())):
            below = True
            yield from _of({"receiver": route["receiver"], **one}, labels)
            if not one.get("continue"):
                break
    if not below:
        yield route["receiver"]


def _fits(matcher: str, labels: Mapping[str, str]) -> bool:
    found = _MATCHER.fullmatch(matcher.strip())
    assert found, f"not read: {matcher}"
    label, sign, wanted = found.groups()
    value = labels.get(label, "")
    same = re.fullmatch(wanted, value) is not None if "~" in sign else wanted == value
    return same != sign.startswith("!")
