"""Logical dumps of databases: the script of the kind, run beside the schedule that takes them."""

import json
from typing import Any

from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import say
from cli.stack_file import StackFile
from cli.switchover import COMPONENT
from cli.workloads import Workload
from components.postgres_ha.dumps import DIRECTORY
from components.postgres_ha.settings import PostgresSettings
from settings.types import duration_text, size_text

LIST_SECONDS = 90.0
RESTORE_SECONDS = 7 * 24 * 3600.0
_SCRIPT = ("python3", "-m", "scripts.dump", DIRECTORY)


def names(stack: StackFile) -> list[str]:
    """The databases with dumps."""
    found: dict[str, Any] = dict(stack.loaded.sound.databases)
    return sorted(name for name, one in found.items() if isinstance(one, PostgresSettings) and one.dumps is not None)


def show(on: Operations, resources: Resources, stack: StackFile, database: str) -> bool:
    """A table of the dumps of a database; whether there is one. Raises CommandError where nobody says."""
    told = json.loads(_last(on, resources, stack, database, "dumps", ("list",), LIST_SECONDS))
    say(f"dumps: {database} of stack {stack.name}: {len(told['dumps'])} of {told['keep']} that are kept")
    for one in told["dumps"]:
        size = size_text(max(1, round(sum(file["bytes"] for file in one["files"].values()) / 2**20)) * 2**20)
        age = duration_text(max(0, int(told["now"] - one["ended"])) * 1000)
        say(f"  {one['label']:20}{', '.join(one['files']):40}{size:>8}  {age} old, read again as a whole")
    for label in told["unfinished"]:
        say(f"  {label:20}was begun, and is not complete")
    if not told["dumps"]:
        say("  there is no complete dump")
    return bool(told["dumps"])


def restore(
    on: Operations, resources: Resources, stack: StackFile, database: str, dump: str, of: str, into: str
) -> str:
    """What was restored, into a database of the cluster that has no tables: one sentence. Raises CommandError where it
    was refused, or did not end. `of`: the database in the dump; empty: the only one that the cluster has besides."""
    if database not in (known := names(stack)):
        there = ", ".join(known) or "none"
        raise CommandError(f"DB={database} is no database with `dumps` in {stack.path}; there are: {there}.")
    settings = stack.loaded.sound.databases[database]
    assert isinstance(settings, PostgresSettings)
    parts = sorted(settings.every_owner)
    if into not in parts:
        raise CommandError(
            f"INTO={into} is no database of {database}; there are: {', '.join(parts)}. One that has no tables takes "
            f"what a dump has: add it (`databases.{database}.databases: {{{into or 'before'}: {{}}}}`), then "
            f"`{stack.make('up')}`."
        )
    if not of:
        others = [one for one in parts if one != into]
        if len(others) != 1:
            raise CommandError(f"say which database of the dump: FROM= one of {', '.join(parts)}.")
        (of,) = others
    said = _last(on, resources, stack, database, "restore", ("restore", dump, of, into), RESTORE_SECONDS)
    return f"{database} of stack {stack.name}: {said}"


def _last(
    on: Operations,
    resources: Resources,
    stack: StackFile,
    database: str,
    verb: str,
    words: tuple[str, ...],
    seconds: float,
) -> str:
    """The last line that the script said. Raises CommandError with it where it failed."""
    code, said = on.run_beside(_schedule(on, resources, stack, database), verb, (*_SCRIPT, *words), seconds)
    lines = said.strip().splitlines()
    if code or not lines:
        raise CommandError(f"{database}: {lines[-1] if lines else f'it ended with {code} and said nothing'}")
    return lines[-1]


def _schedule(on: Operations, resources: Resources, stack: StackFile, database: str) -> Workload:
    """What runs the dumps: a CronJob, or the clock itself."""
    words = {one.word: one for one in on.workloads(resources) if one.component == f"{COMPONENT} {database}"}
    found = words.get(f"{database}-dumps") or words.get(f"{database}-dumps-clock")
    if found is None:
        raise CommandError(f"the dumps of {database} are not deployed yet: `{stack.make('up')}`.")
    return found
