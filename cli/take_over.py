"""A deployed stack goes from one engine or backend to another, without a change of what runs.

The order leaves something to go on from wherever it is killed: the state is in the old place, then in both, then in the
new one. While both are the same it can be run again; other commands refuse.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli import sandbox
from cli.check import check
from cli.engines import Engine
from cli.errors import CommandError
from cli.holders import states, two_holders
from cli.places import chosen_place
from cli.platforms import operations
from cli.progress import say, step
from cli.stack_file import StackFile
from cli.state import made, state_directory

_HARMLESS = ("same", "update", "read")


def take_over(stack: StackFile) -> int:
    """Moves the state to where ENGINE and PULUMI_BACKEND_URL say. Raises CommandError where what runs would be made
    again or removed by the new holder."""
    check(stack)
    target = chosen_place()
    holders = [state for state in states(stack) if state.resources]
    others = [holder for holder in holders if holder.place != target]
    if not others:
        if not holders:
            raise CommandError(f"stack {stack.name} is not deployed; `{stack.make('up')}` deploys it.")
        say(f"take-over: stack {stack.name} is held by {holders[0]}; nothing to do")
        return 0
    if len(others) > 1:
        raise CommandError(two_holders(stack, holders))
    on = operations(stack)
    source = others[0].place
    if on.hosts.sandbox and not sandbox.runs(on):
        raise CommandError(f"the {on.hosts.description} does not run; `{source.line('up', stack)}` starts it.")
    old, new = (Engine(stack, on.hosts.environment, place) for place in (source, target))
    state = old.exported(secrets=True)
    if state["deployment"].get("pending_operations"):
        raise CommandError(f"an update of the {source.said} did not end; `{source.line('up', stack)}` first.")
    if len(holders) == 1:
        new.restore(_for(new, state))
    elif _content(new.exported(secrets=True)) != _content(state):
        raise CommandError(two_holders(stack, holders))
    try:
        with step(f"  compared by the {target.said}"):
            updates = _compare(new)
        if _content(old.exported(secrets=True)) != _content(state):
            raise CommandError(f"the state of the {source.said} changed meanwhile.")
    except CommandError as error:
        new.forget()
        raise CommandError(f"{error}\nThe {source.said} still holds stack {stack.name}.") from None
    kept = _archive(stack, old)
    old.forget()
    if source.is_ours:
        old.remove()
    count = len(state["deployment"]["resources"])
    later = f"; {updates} differ from the stack file, and the next `up` changes them" if updates else ""
    say(f"take-over: {count} resources of stack {stack.name}, none made or removed{later}")
    say(f"take-over: now held by the {target.said}; what the {source.said} held is in {kept}")
    return 0


def _for(engine: Engine, state: dict[str, Any]) -> dict[str, Any]:
    """The state, with secrets in plain text, as the engine's own encryption takes it."""
    provider = engine.exported()["deployment"].get("secrets_providers")
    if not provider:
        raise CommandError(f"the {engine.place.said} does not say how it encrypts; run `pulumi stack init` there.")
    return {**state, "deployment": {**state["deployment"], "secrets_providers": provider}}


def _content(state: dict[str, Any]) -> list[str]:
    """What is compared of two states: every resource with its id and inputs."""
    resources = state["deployment"].get("resources") or []
    return sorted(json.dumps([one["urn"], one.get("id"), one.get("inputs")], sort_keys=True) for one in resources)


def _compare(engine: Engine) -> int:
    """How many resources an `up` would change in place. Raises CommandError if it would make or remove any."""
    counts = engine.planned()
    if wrong := {change: count for change, count in counts.items() if change not in _HARMLESS}:
        said = ", ".join(f"{count} to {change}" for change, count in sorted(wrong.items()))
        raise CommandError(
            f"the {engine.place.said} would not leave what runs as it is: {said}. Bring the stack file and what runs "
            "together with the engine that holds it, then take it over."
        )
    return counts.get("update", 0)


def _archive(stack: StackFile, engine: Engine) -> Path:
    """The state as the old place had it, secrets encrypted."""
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = made(state_directory() / "taken-over") / f"{stack.name}-{engine.name}-{time}.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(engine.exported(), file, indent=2)
    return path
