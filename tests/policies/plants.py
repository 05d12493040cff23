"""Defects to plant: what one is called, which rule must see it, and how it is put into a stack that has none."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.policies.judged import Given

Change = Callable[[Given], bool]
"""Changes a stack in place; false where it has no place for the defect."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One defect."""

    rule: str
    platform: str
    name: str
    change: Change

    def __str__(self) -> str:
        return f"{self.platform}: {self.name}"


def first(given: Given, kind: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any] | None:
    """Properties of the first resource whose type ends with `kind`, and that fits."""
    found = (properties for type_, _, properties in given if type_.endswith(f":{kind}") and fits(properties))
    return next(found, None)


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    """The pods of a workload."""
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def on(
    kind: str, change: Callable[[dict[str, Any]], Any], fits: Callable[[dict[str, Any]], bool] = lambda _: True
) -> Change:
    """Changes the properties of the first resource of a kind."""

    def planted(given: Given) -> bool:
        properties = first(given, kind, fits)
        if properties is None:
            return False
        change(properties)
        return True

    return planted


def without(kind: str) -> Change:
    """Takes away every resource of a kind."""

    def planted(given: Given) -> bool:
        kept = [one for one in given if not one[0].endswith(f":{kind}")]
        some = len(kept) < len(given)
        given[:] = kept
        return some

    return planted


def adding(type_: str, properties: dict[str, Any]) -> Change:
    """One resource more."""

    def planted(given: Given) -> bool:
        given.append((type_, "planted", properties))
        return True

    return planted


def several(workload: dict[str, Any]) -> bool:
    """Whether a Deployment or StatefulSet has replicas."""
    return int(workload["spec"].get("replicas") or 1) > 1


def in_text(kind: str, key: str, has: str, old: str, new: str) -> Change:
    """Replaces a part of the configuration that has `has` in it."""

    def planted(given: Given) -> bool:
        for type_, _, properties in given:
            if not type_.endswith(f":{kind}"):
                continue
            data = properties.get(key)
            for name, text in data.items() if isinstance(data, dict) else [(None, data)]:
                if isinstance(text, str) and has in text and old in text:
                    if name is None:
                        properties[key] = text.replace(old, new)
                    else:
                        data[name] = text.replace(old, new)
                    return True
        return False

    return planted


def in_secret(has: str, old: str, new: str) -> Change:
    """Replaces everything that fits the pattern `old` in the secret that has `has` in it, which a Swarm has in
    base64."""

    def planted(given: Given) -> bool:
        for type_, _, properties in given:
            key = next((one for one in ("stringData", "data") if type_.endswith(":Secret") and one in properties), "")
            texts = properties.get(key)
            if isinstance(texts, str) and has in (plain := base64.b64decode(texts).decode()):
                changed, count = re.subn(old, new, plain)
                properties[key] = base64.b64encode(changed.encode()).decode()
                return count > 0
            for name, text in texts.items() if isinstance(texts, dict) else ():
                if has in text and re.search(old, text):
                    texts[name] = re.sub(old, new, text)
                    return True
        return False

    return planted
