"""Counts that a person set for a time: they take the place of an application's `replicas` before any rule looks.

The commands hand those in the stack's state to its program in a variable of the environment. The program says them
again among its outputs, where the next command finds them.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

VARIABLE = "HA_SCALED"
OUTPUT = "scaled"


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """The replicas of an application until a moment, in seconds since 1970."""

    app: str
    replicas: int
    until: int

    def ended(self) -> bool:
        """Whether the moment is over."""
        return time.time() >= self.until

    @property
    def end(self) -> str:
        """The moment as a person reads it; with its day where that is another."""
        moment = datetime.fromtimestamp(self.until, UTC)
        today = moment.date() == datetime.now(UTC).date()
        return moment.strftime("%H:%M UTC" if today else "%Y-%m-%d %H:%M UTC")


def recorded(outputs: Mapping[str, Any]) -> list[ByHand]:
    """Those among the outputs of a stack, also those that ended. Engines store every number as a float."""
    found = outputs.get(OUTPUT) or {}
    return [
        ByHand(app=app, replicas=int(one["replicas"]), until=int(one["until"])) for app, one in sorted(found.items())
    ]


def output(held: Iterable[ByHand]) -> dict[str, Any]:
    """What `recorded` reads."""
    return {one.app: {key: value for key, value in asdict(one).items() if key != "app"} for one in held}


def given() -> list[ByHand]:
    """Those that the program was given and that last: a shell may keep the variable for longer."""
    return [one for one in recorded({OUTPUT: json.loads(os.environ.get(VARIABLE) or "{}")}) if not one.ended()]


def applied(document: Any, held: Iterable[ByHand]) -> Any:
    """The stack's document with these counts. An application that it does not have is left out."""
    apps = document.get("apps") if isinstance(document, dict) else None
    if not isinstance(apps, dict):
        return document
    counts = {one.app: {"replicas": one.replicas} for one in held if isinstance(apps.get(one.app), dict)}
    changed = {name: {**apps[name], **count} for name, count in counts.items()}
    return {**document, "apps": {**apps, **changed}}
