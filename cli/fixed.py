"""What a store's data is under, against the stack file: another value is refused before anything changes."""

from collections.abc import Sequence
from typing import Any

from cli.errors import CommandError
from composition.kinds import components
from composition.stack import Stack
from model import ROOT


def check_fixed(settings: Stack, resources: Sequence[dict[str, Any]]) -> None:
    """Raises CommandError where the stack file has another value than a component of the state."""
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
    if problems:
        raise CommandError("\n".join(problems))


def _stays(value: str) -> str:
    if not value:
        return "its data is there already, and is not replaced. Take it out, or write it to a new component."
    return f"the data is in `{value}`, where it stays. Write `{value}` again."
