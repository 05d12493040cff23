"""Shared volumes: what is mounted where, as it was deployed, and what a change of it shows instead.

A path that shows another volume's data looks to an application as if its files were lost, and what it then writes is
somewhere else. So each word carries what it mounts, and a change of that is refused unless the stack file says that it
is meant.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

from model import Agent, Container, Members, Schedule, Workload
from platforms.mounts import normal

KEY = "ha-platform.shared-volumes"
"""On what mounts them: path -> name and place of the volume."""


class OtherData(Exception):
    """A change would show other data at a path. The text is for people."""


def recorded(container: Container) -> dict[str, str]:
    """What is written on the word that has `container`; nothing where it mounts none."""
    mounted = {normal(one.path): [one.source.name, one.source.place] for one in container.shared}
    return {KEY: json.dumps(mounted, sort_keys=True)} if mounted else {}


def watch(
    word: Workload | Members | Agent | Schedule, read: Callable[[Mapping[str, Any]], str | None]
) -> list[pulumi.ResourceHook]:
    """The hook of what mounts shared volumes: it fails a preview or an update that shows other data, or announces it.
    `read` finds in a resource's inputs what was `recorded`."""
    if not word.container.shared:
        return []

    def look(args: pulumi.ResourceHookArgs) -> None:
        for text in announcements(word, read(args.old_inputs or {})):
            pulumi.log.warn(text)

    return [pulumi.ResourceHook(f"shared-{word.name}", look, pulumi.ResourceHookOptions(on_dry_run=True))]


def announcements(word: Workload | Members | Agent | Schedule, before: str | None) -> Iterator[str]:
    """What changes for the paths of `word`. Raises OtherData for one that nobody asked for."""
    mounted = json.loads(before or "{}")
    for mount in word.container.shared:
        path, new = normal(mount.path), mount.source
        name, place = mounted.get(path, (new.name, new.place))
        if place == new.place:
            continue
        if mount.instead_of != name:
            beside = "" if name != new.name else " Give the new place a name of its own in `volumes`, and"
            fix = f"{beside} write `instead_of: {name}` beside its name".strip()
            raise OtherData(
                f"{word.origin}: {path} would show other data: it shows volume {name} ({place}), and then {new.name} "
                f"({new.place}). Data does not follow. Change it back; if it is meant, {fix[0].lower()}{fix[1:]}."
            )
        yield (
            f"{word.origin}: {path} shows volume {new.name} ({new.place}) from now on, as `instead_of` says; what "
            f"{name} holds stays in its place ({place})."
        )
