"""Backups of databases: the script of the kind, run beside the database with its own secrets."""

import json
import time
from typing import Any

from cli import dumps
from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import say
from cli.stack_file import StackFile
from cli.switchover import COMPONENT, parts
from components.postgres_ha.settings import PostgresSettings
from settings.types import duration_text, size_text

LIST_SECONDS = 90.0
DRILL_SECONDS = 3600
"""A drill that is not over so long after it was due is said."""
TAKE_SECONDS = 24 * 3600.0
RESTORE_SECONDS = 7 * 24 * 3600.0
_DIRECTORY = "/etc/ha-settings"
_FILES = (f"{_DIRECTORY}/wanted.json", f"{_DIRECTORY}/passwords.json")


def take(on: Operations, resources: Resources, stack: StackFile, database: str, *, full: bool) -> str:
    """A backup in each repository of the database: one sentence. Raises CommandError."""
    kind = "full" if full else "incremental"
    said = _ordered(on, resources, stack, database, "backup", ("take", kind), TAKE_SECONDS)
    return f"{database} of stack {stack.name}: {said[-1]}"


def in_place(
    on: Operations,
    resources: Resources,
    stack: StackFile,
    database: str,
    to: str,
    timeline: str,
    *,
    overwrite: bool,
) -> str:
    """What was restored: one sentence. Raises CommandError where it was refused, or is not known to have ended."""
    words = ("restore", to, timeline, "overwrite" if overwrite else "")
    said = _ordered(on, resources, stack, database, "restore", words, RESTORE_SECONDS)
    return f"{database} of stack {stack.name} is {said[-1]}"


def show(on: Operations, resources: Resources, stack: StackFile, database: str) -> bool:
    """A table of each database; whether none lacks a backup that is due and its log arrives."""
    names = [database] if database else _with_backups(on, resources, stack)
    dumped = [name for name in dumps.names(stack) if database in ("", name)]
    if database in dumped and not _has_backups(stack, database):
        names = []
    if not names and not dumped:
        raise CommandError(f"nothing of stack {stack.name} has `backups` or `dumps`.")
    well = [_show_one(on, resources, stack, name) for name in names]  # each is shown, also after one that is not well
    well += [dumps.show(on, resources, stack, name) for name in dumped]
    return all(well)


def _show_one(on: Operations, resources: Resources, stack: StackFile, database: str) -> bool:
    told = json.loads(_ordered(on, resources, stack, database, "backups", ("list",), LIST_SECONDS)[-1])
    now, backups, drills = told["now"], told["backups"], told.get("drills")
    first = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(min(one["ended"] for one in backups))) if backups else ""
    say(f"backups: {database} of stack {stack.name}: {f'every moment from {first} UTC' if backups else 'none yet'}")
    for one in backups:
        age = duration_text(max(0, int(now - one["ended"])) * 1000)
        say(
            f"  {one['label']:34}{one['kind']:13}{one['repository']:16}{_size(one['size']):>8} of data"
            f"{_size(one['bytes']):>10} kept  {age} old{_verified(one, now) if drills is not None else ''}"
        )
    faults = [f"repository {name}: {why}" for name, why in (told["failed"] | told["faults"]).items()]
    faults += [
        f"repository {name}: the {kind} backup is due since {duration_text(int(now - since) * 1000)}"
        for name, (kind, since) in told["due"].items()
        if kind and not told["running"]
    ]
    faults += [f"{one['label']} failed its drill: {one['failed']}" for one in backups if one.get("failed")]
    faults += [
        f"repository {name}: a backup should be verified since {duration_text(int(now - since) * 1000)}"
        + (f"; {told['drill']}" if told["drill"] else "")
        for name, since in (drills or {}).items()
        if since and now - since > DRILL_SECONDS
    ]
    waiting, since = told["waiting"]
    if waiting and now - since > told["archive_timeout"] * 2 + 60:
        faults.append(f"{waiting} files of the log wait to be archived, since {duration_text(int(now - since) * 1000)}")
    if backups and told["dropped"] > max(one["began"] for one in backups):
        faults.append("a part of the log was dropped: what is after it can be restored from the next backup on")
    if told["running"]:
        say(f"  at work: {told['running']}")
    for fault in faults:
        say(f"  {fault}")
    return not faults


def _verified(one: dict[str, Any], now: float) -> str:
    if one["failed"]:
        return ", FAILED"
    if not one["verified"]:
        return ", not verified"
    ago = duration_text(max(0, int(now - one["verified"])) * 1000)
    return f", verified {ago} ago (restored in {duration_text(max(1, one['restore_seconds']) * 1000)})"


def _size(number: int) -> str:
    return size_text(max(1, round(number / 2**20)) * 2**20)


def has_some(on: Operations, resources: Resources, stack: StackFile) -> bool:
    """Whether a database has backups or dumps."""
    return bool(dumps.names(stack) or _with_backups(on, resources, stack))


def _with_backups(on: Operations, resources: Resources, stack: StackFile) -> list[str]:
    """The databases that have some, as they are deployed and the stack file has them."""
    names = {one.component.partition(" ")[2] for one in on.workloads(resources) if one.component.startswith(COMPONENT)}
    return sorted(name for name in names if _has_backups(stack, name))


def _has_backups(stack: StackFile, name: str) -> bool:
    settings: Any = stack.loaded.sound.databases.get(name)
    return isinstance(settings, PostgresSettings) and settings.backups is not None


def _ordered(
    on: Operations,
    resources: Resources,
    stack: StackFile,
    database: str,
    verb: str,
    words: tuple[str, ...],
    seconds: float,
) -> list[str]:
    """The lines that it said. Raises CommandError."""
    job, _ = parts(on.workloads(resources), stack, database, verb)
    if not _has_backups(stack, database):
        raise CommandError(
            f"DB={database} has no `backups` in {stack.path}: say where they go, then `{stack.make('up')}`."
        )
    command = ("python3", "-m", "scripts.backup_orders", *_FILES, *words)
    code, said = on.run_beside(job, verb, command, seconds)
    lines = said.strip().splitlines()
    if code:
        raise CommandError(f"{database}: {lines[-1] if lines else f'it ended with {code} and said nothing'}")
    for line in lines[:-1]:
        say(f"{verb}: {line}")
    return lines
