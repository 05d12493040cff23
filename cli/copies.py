"""Copies of stores that have a copier: its script, run beside it with the copier's own password."""

import json
from collections.abc import Sequence
from typing import Any

from cli.backups import LIST_SECONDS, RESTORE_SECONDS, TAKE_SECONDS
from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import say
from cli.stack_file import StackFile
from cli.workloads import Workload
from composition.kinds import KINDS
from settings.types import duration_text, size_text

_SUFFIX = "-copies-orders"
_COMMAND = ("python3", "-m", "components.copies.files.copies_orders", "/etc/ha-copies")


def take(on: Operations, resources: Resources, stack: StackFile, name: str, key: str) -> str:
    """A verified copy: one sentence. Raises CommandError. `key` is the argument that named it."""
    said = _ordered(on, _job(on, resources, stack, name, key), "backup", ("take",), TAKE_SECONDS)
    return f"{name} of stack {stack.name}: {said}"


def restore(
    on: Operations, resources: Resources, stack: StackFile, name: str, key: str, to: str, *, overwrite: bool
) -> str:
    """What was restored: one sentence. Raises CommandError where it was refused, or did not end."""
    words = ("restore", to, "overwrite" if overwrite else "")
    said = _ordered(on, _job(on, resources, stack, name, key), "restore", words, RESTORE_SECONDS)
    return f"{name} of stack {stack.name} is {said}"


def named(on: Operations, resources: Resources, stack: StackFile) -> list[str]:
    """The components that have a copier, as they are deployed and the stack file has them."""
    wanted = _wanted(stack)
    return sorted({name for name in _jobs(on, resources) if name in wanted})


def show(on: Operations, resources: Resources, stack: StackFile, name: str, key: str = "") -> bool:
    """The copies of one; whether none is missing and the newest is sound."""
    told = json.loads(_ordered(on, _job(on, resources, stack, name, key), "backups", ("list",), LIST_SECONDS))
    now, copies = told["now"], told["copies"]
    last = _ago(now, copies[-1]["ended"]) if copies else ""
    say(f"backups: {name} of stack {stack.name}: {f'the last copy is {last} old' if copies else 'none yet'}")
    for one in copies:
        say(
            f"  {one['label']:34}{'copy':13}{told['repository']:16}{_size(one['bytes']):>18} kept  "
            f"{_ago(now, one['ended'])} old{_verified(one, now)}{_from_master(one)}"
        )
    faults = [f"repository {told['repository']}: {told['fault']}"] if told["fault"] else []
    faults += [f"the last try: {told['failed']}"] if told["failed"] else []
    faults += [f"{one['label']} failed its trial: {one['failed']}" for one in copies if one["failed"]]
    if told["due"] and not told["running"]:
        faults.append(f"a copy is due since {_ago(now, told['due'])}")
    if told["running"]:
        say(f"  at work: {told['running']}")
    for fault in faults:
        say(f"  {fault}")
    return not faults


def _ago(now: float, then: float) -> str:
    return duration_text(max(0, int(now - then)) * 1000)


def _size(number: int) -> str:
    unit = 2**20 if number >= 10 * 2**20 else 2**10
    return size_text(max(1, round(number / unit)) * unit)


def _verified(one: dict[str, Any], now: float) -> str:
    if one["failed"]:
        return ", FAILED"
    if not one["verified"]:
        return ", not verified"
    return f", verified {_ago(now, one['verified'])} ago (loaded in {max(1, round(one['restore_seconds']))}s)"


def _from_master(one: dict[str, Any]) -> str:
    return f", taken from the master {one['facts']['from']}" if one["facts"].get("primary") else ""


def _wanted(stack: StackFile) -> set[str]:
    sound = stack.loaded.sound
    return {
        name
        for kind in KINDS
        if not kind.single
        for name, settings in getattr(sound, kind.key, {}).items()
        if kind.copied(settings) is not None
    }


def _jobs(on: Operations, resources: Resources) -> dict[str, Workload]:
    found = {one.component.partition(" ")[2]: one for one in on.workloads(resources) if one.word.endswith(_SUFFIX)}
    return {name: one for name, one in found.items() if one.word == f"{name}{_SUFFIX}"}


def _job(on: Operations, resources: Resources, stack: StackFile, name: str, key: str) -> Workload:
    jobs = _jobs(on, resources)
    if name in jobs:
        return jobs[name]
    there = f"stack {stack.name} runs copies of {', '.join(sorted(jobs)) or 'none'}"
    if name in _wanted(stack):
        raise CommandError(f"{key}={name} has `backups` in {stack.path}, and is not deployed so: `{stack.make('up')}`.")
    raise CommandError(f"{key}={name} has no `backups`; {there}.")


def _ordered(on: Operations, job: Workload, verb: str, words: Sequence[str], seconds: float) -> str:
    """The last line. Raises CommandError."""
    code, said = on.run_beside(job, verb, (*_COMMAND, *words), seconds)
    lines = said.strip().splitlines()
    name = job.component.partition(" ")[2]
    if code:
        raise CommandError(f"{name}: {lines[-1] if lines else f'it ended with {code} and said nothing'}")
    for line in lines[:-1]:
        say(f"{verb}: {line}")
    return lines[-1] if lines else ""
