"""Typing what a section of the README tells, with the settings that a person changes."""

import re
from collections.abc import Callable
from typing import Any

from tests.live.dev.stacks import Settings
from tests.live.walk.person import Person
from tests.live.walk.readme import STACK, Section

FILE = f"Pulumi.{STACK}.yaml"
_LITTLE = {"cpu_request": "20m", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "256Mi"}


def sized_for_two_cores(settings: Settings) -> None:
    """The sandbox's images, in which there is no Grafana, and as little of each part as runs."""
    settings["images"] = {"source": "sandbox"}
    settings["monitoring"].pop("grafana")
    settings["monitoring"]["prometheus"] |= {"volume": "1Gi", "resources": _LITTLE}
    for app in settings["apps"].values():
        app.pop("size")
        app |= {"image": "chat", "resources": _LITTLE}
        if "scaling" in app:
            app["replicas"] = app.pop("scaling")["min"]  # as little CPU as this is used up at once
    for database in settings["databases"].values():
        carries_its_connections = {**_LITTLE, "memory_limit": "2Gi"}
        database |= {"volume": "1Gi", "resources": carries_its_connections, "store_resources": _LITTLE}
    for cache in settings["caches"].values():
        cache |= {"volume": "1Gi", "maxmemory": "32Mi", "resources": _LITTLE, "sentinel_resources": _LITTLE}


def platform(told: Section, **values: Any) -> dict[str, Any]:
    """The section's `platform` with a person's own values: one for each key, except the kind."""
    written: dict[str, Any] = told.settings["platform"]
    assert written.keys() == {"kind", *values}
    return {**written, **values}


def follow(person: Person, told: Section, then: dict[str, Callable[[str], None]]) -> None:
    """Type every command that is told. What `then` has for the start of a command is called with what that printed,
    and must be: the section has such a command."""
    left = dict(then)
    for command in told.commands:
        run = person.types(command)
        assert run.code == 0, f"{command}\n{run.text}"
        assert "Traceback" not in run.text, f"{command}\n{run.text}"
        for start in [start for start in left if command.startswith(start)]:
            left.pop(start)(run.text)
    assert left == {}, "the README tells nothing that starts like this"


def changes_engines(person: Person) -> None:
    """The sandbox engine takes the stack that the CLI deployed, and the CLI has it back: neither sees a change."""
    for command in (
        f"make take-over STACK={STACK} ENGINE=sandbox",
        f".venv/bin/python -m sandbox.engine preview --stack {STACK} --expect-no-changes",
        f"make take-over STACK={STACK} ENGINE=pulumi",
        f"pulumi preview -s {STACK} --expect-no-changes",
    ):
        run = person.types(command)
        assert run.code == 0, f"{command}\n{run.text}"


def says(text: str, *wanted: str) -> None:
    """Each pattern is in the text."""
    assert [pattern for pattern in wanted if not re.search(pattern, text)] == [], text
