"""What the engine hands over, as plain values.

Every number comes as a float: 10001.0 is the user id 10001. What a preview does not know yet raises when it is read;
here it becomes UNKNOWN, so that one such value hides nothing else of its resource.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import UnknownValueError


class Unknown(dict[str, Any]):
    """A value that a preview does not know: given, and empty."""


UNKNOWN = Unknown()
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def plain(value: Any) -> Any:
    """The value with dicts, lists, whole numbers, and UNKNOWN."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Mapping):
        return {str(key): _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


_HARMLESS = frozenset(
    {"value", "image", "command", "commands", "args", "annotations", "data", "binaryData", "dataRaw", "stringData"}
    | {"configId", "configName", "secretId", "secretName", "claimName", "serviceAccountName", "priorityClassName", "id"}
)
_REFERENCES = frozenset({"configMap", "secret", "configMapRef", "secretRef", "configMapKeyRef", "secretKeyRef"})


def unknown_path(value: Any, path: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Where something unknown stands that a rule may have to know; None where there is nothing of that kind. Rules can
    do without what a variable, an argument or a reference is, not without a structure, a number or a label."""
    if isinstance(value, Unknown):
        return None if path[-1:] and _can_do_without(path) else path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for key, within in items if (found := unknown_path(within, (*path, str(key))))), None)


def _can_do_without(path: tuple[str, ...]) -> bool:
    named = [key for key in path if not key.isdigit()]
    of_swarm = named[:3] == ["taskSpec", "containerSpec", "env"] and len(named) > 3
    reference = named[-1:] == ["name"] and len(named) > 1 and named[-2] in _REFERENCES
    return named[-1] in _HARMLESS or "annotations" in named or of_swarm or reference


def known(value: Any) -> str | None:
    """A text or number as text; None where it is missing or unknown."""
    return None if value is None or isinstance(value, Mapping | list) else str(value)


def texts(*lists: Any) -> tuple[str, ...]:
    """The texts in lists of which all or some may be unknown."""
    return tuple(item for each in lists if isinstance(each, list) for item in each if isinstance(item, str))


def pairs(labels: Any) -> dict[str, str]:
    """Docker's list of labels as a map."""
    return {str(one.get("label")): str(one.get("value")) for one in labels or ()}


def seconds(duration: Any) -> float | None:
    """Docker's duration (`1m30s`, or nanoseconds); None where it is not given, not known or none."""
    text = known(duration)
    if text is None or re.fullmatch(r"[0-9]+", text):
        return None if text is None else int(text) / 1e9
    parts = re.findall(r"([0-9.]+)(ms|us|ns|h|m|s)", text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else None
