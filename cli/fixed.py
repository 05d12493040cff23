"""What a deployment remembers of a store, against the stack file: what cannot be is refused before anything changes."""

from collections.abc import Iterator, Sequence
from typing import Any

from cli.errors import CommandError
from composition.kinds import components
from composition.stack import Stack
from model import ROOT


def check_fixed(settings: Stack, resources: Sequence[dict[str, Any]]) -> None:
    """Raises CommandError where the stack file has another value than a component of the state, of what its data is
    under; a lower counter; or a smaller number of what each has a part of it."""
    wanted = {
        part.origin.at(key).path: value
        for kind, part in components(settings)
        for key, value in kind.fixed(part.settings).items()
    }
    problems = [
        f"{ROOT}.{path}: is `{wanted[path]}`, and {_stays(value)}"
        for resource in resources
        for path, value in (resource.get("outputs") or {}).get("fixed", {}).items()
        if wanted.get(path, value) != value
    ]
    problems += [*_turned_back(settings, resources), *_shrunk(settings, resources)]
    if problems:
        raise CommandError("\n".join(problems))


def _turned_back(settings: Stack, resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    wanted = {
        part.origin.at(key).path: counter
        for kind, part in components(settings)
        for key, counter in kind.counters(part.settings).items()
    }
    for resource in resources:
        for path, counter in (resource.get("outputs") or {}).get("counters", {}).items():
            if wanted.get(path, counter) < counter:
                yield (
                    f"{ROOT}.{path}: is {wanted[path]}, and was {int(counter)}: the counter never goes back. Write "
                    f"{int(counter)}, or {int(counter) + 1} for another rotation."
                )


def _shrunk(settings: Stack, resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    wanted = {
        part.origin.at(key).path: number
        for kind, part in components(settings)
        for key, number in kind.grows(part.settings).items()
    }
    for resource in resources:
        for path, number in (resource.get("outputs") or {}).get("grows", {}).items():
            if wanted.get(path, number) < number:
                yield (
                    f"{ROOT}.{path}: is {wanted[path]}, and there are {int(number)}: those that go would take their "
                    f"part of the data with them. Write {int(number)} again, or move the data to a new component."
                )


def _stays(value: str) -> str:
    if not value:
        return "its data is there already, and is not replaced. Take it out, or write it to a new component."
    return f"the data is in `{value}`, where it stays. Write `{value}` again."
