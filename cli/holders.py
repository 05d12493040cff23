"""Which place holds a stack: one at a time, for a second state would fight the first over the same services."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.places import BACKEND, Place, directory, places
from cli.progress import warn
from cli.stack_file import PROJECT, REPOSITORY, StackFile
from cli.state import state_directory

_ANSWER_SECONDS = 30
"""For a backend in a network."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A state of the stack. One without resources holds nothing: it is what a removed stack leaves."""

    place: Place
    resources: int
    """How many, with those whose operation did not end."""
    changed: str
    """`2026-01-31 10:12 UTC`, of the last update; empty where it is not known."""

    def __str__(self) -> str:
        changed = f", last changed {self.changed}" if self.changed else ""
        return f"the {self.place.said} ({self.resources} resources{changed})"


def states(stack: StackFile) -> list[Held]:
    """Every state of the stack in the places that are known here."""
    return [state for place in places() for state in _read(place, stack)]


def check_holder(stack: StackFile, chosen: Place, command: str) -> list[Held]:
    """The stack's states. Raises CommandError where another place than `chosen` holds the stack."""
    found = states(stack)
    holders = [state for state in found if state.resources]
    if all(state.place == chosen for state in holders):
        return found
    if len(holders) > 1:
        raise CommandError(two_holders(stack, holders))
    holder = holders[0]
    raise CommandError(
        f"stack {stack.name} is held by {holder}, and this command would use the {chosen.said}. Either\n"
        f"  go on with its holder: {holder.place.line(command, stack)}\n"
        f"  or take it over:       {chosen.line('take-over', stack)}"
    )


def two_holders(stack: StackFile, holders: Sequence[Held]) -> str:
    """What is said of a stack with more than one state."""
    both = "\n".join(f"  {holder}" for holder in holders)
    again = " or ".join(f"`{holder.place.line('take-over', stack)}`" for holder in holders)
    drop = "\n".join(f"  {holder.place.without(stack)}" for holder in holders)
    return (
        f"stack {stack.name} has {len(holders)} states, and only one can be right:\n{both}\n"
        f"If a take-over was interrupted, run it again: {again}. It refuses where they are not the same. "
        f"Then give up the one that does not say what runs:\n{drop}"
    )


def _read(place: Place, stack: StackFile) -> Iterator[Held]:
    if place.engine == "sandbox":
        yield from _of_sandbox(place, stack)
    elif place.backend.startswith("file://"):
        yield from _in_files(place, stack)
    else:
        yield from _asked(place, stack)


def _of_sandbox(place: Place, stack: StackFile) -> Iterator[Held]:
    from sandbox.engine.journal import Journal

    path = state_directory() / f"{stack.name}.json"
    journal = Journal(path)
    if path.exists() or journal.written:
        state = _json(path)["deployment"] if path.exists() else {}
        # An update that was killed: what it began, or made.
        begun = {entry["resource"]["urn"] for entry in journal.read() if "resource" in entry}
        known = {resource["urn"] for resource in state.get("resources") or []}
        yield Held(place=place, resources=len(known | begun) + _pending(state), changed=_time(state))


def _in_files(place: Place, stack: StackFile) -> Iterator[Held]:
    """As the CLI lays a backend of files out, now and before it knew projects."""
    stacks = directory(place.backend) / ".pulumi/stacks"
    for folder in (stacks / PROJECT, stacks):
        for path in (folder / f"{stack.name}.json", folder / f"{stack.name}.json.gz"):
            if path.exists():
                state = (_json(path).get("checkpoint") or {}).get("latest") or {}
                count = len(state.get("resources") or []) + _pending(state)
                yield Held(place=place, resources=count, changed=_time(state))
                return


def _asked(place: Place, stack: StackFile) -> Iterator[Held]:
    """A backend in a network, by the CLI's list of its stacks."""
    line = ["pulumi", "stack", "ls", "--json", "--non-interactive"]
    environment = {**os.environ, BACKEND: place.backend, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(line, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
                              timeout=_ANSWER_SECONDS)  # fmt: skip
        listed: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else []
        reason = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    except FileNotFoundError:
        listed, reason = [], "there is no `pulumi` on PATH"
    except (subprocess.TimeoutExpired, ValueError):
        listed, reason = [], f"no answer within {_ANSWER_SECONDS} s"
    if reason:
        warn(f"{place.backend} could not be asked whether it holds stack {stack.name}: {reason}")
    for one in listed:
        if str(one["name"]).rpartition("/")[2] == stack.name:
            changed = str(one.get("lastUpdate") or "")
            yield Held(place=place, resources=int(one.get("resourceCount") or 0), changed=_minute(changed))


def _json(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        read = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as a state: {error}.") from None
    if not isinstance(read, dict):
        raise CommandError(f"{path} cannot be read as a state: it is no object.")
    return read


def _pending(state: dict[str, Any]) -> int:
    pending: Iterable[Any] = state.get("pending_operations") or []
    return sum(1 for operation in pending if operation["type"] == "creating")


def _time(state: dict[str, Any]) -> str:
    return _minute(str((state.get("manifest") or {}).get("time") or ""))


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]} UTC" if time else ""
