"""What a killed run of the Pulumi CLI left: a lock whose holder is gone, and operations that nobody recorded.

The sandbox engine takes up its own (`sandbox/engine/recovery.py`).
"""

import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.engines import Engine
from cli.errors import CommandError
from cli.killed import KilledRun, NotItsOwn
from cli.operations import Operations
from cli.places import directory
from cli.progress import say, warn
from cli.stack_file import PROJECT, StackFile

_CREATING, _DELETING = "creating", "deleting"


@dataclass(frozen=True)
class Lock:
    """A file of a state in a directory: one run works on the stack."""

    path: Path
    pid: int
    user: str
    host: str
    since: str

    @property
    def holder(self) -> str:
        """For a message."""
        return f"process {self.pid} of {self.user}@{self.host}, since {self.since}"


def unlock(engine: Engine, stack: StackFile) -> datetime | None:
    """Clears the locks of runs that are dead, and returns when the first of them began.

    Raises CommandError where a run may be alive: its process is, or it is another host's, which cannot be seen.
    """
    began = None
    if engine.name != "pulumi":
        return began
    backend = engine.place.backend
    for lock in _locks(backend, stack.name):
        if lock.host != socket.gethostname():
            raise CommandError(
                f"stack {stack.name} is locked by {lock.holder}. That is another host: if nothing works on the stack "
                f"there any more, `PULUMI_BACKEND_URL={backend} pulumi cancel --yes --stack {stack.name}` "
                "clears the lock; then run again."
            )
        if _alive(lock.pid):
            raise CommandError(
                f"stack {stack.name} is locked by {lock.holder}, which still runs: wait for it to end, or stop it."
            )
        lock.path.unlink(missing_ok=True)
        warn(f"an earlier run was killed (process {lock.pid}, begun {lock.since}); its lock is cleared")
        began = min(filter(None, (began, datetime.fromisoformat(lock.since))))
    return began


def take_up(engine: Engine, on: Operations, began: datetime | None, *, adopt: bool = True) -> bool:
    """Records what became of operations that a killed run began, so that the next run goes on from there.

    What was created is adopted, or removed where it holds no data and is of no use as it is. `began` is when the killed
    run did, if that is known: what is older is not its own. `adopt` is False before everything is removed. Returns
    whether the state is another one than before. Raises CommandError, and changes nothing, where it is not its own.
    """
    if engine.name != "pulumi":
        return False
    exported = engine.exported()
    deployment = exported["deployment"]
    begun = deployment.pop("pending_operations", None) or []
    if not begun:
        return False
    for one in begun:
        say(f"  an earlier run was killed while {one['type']} {_name(one['resource'])}: looking for it")
    resources = deployment.get("resources") or []
    live = {resource["urn"] for resource in resources if not resource.get("delete")}
    known = {(resource["type"], resource["id"]) for resource in resources if "id" in resource}
    created = [one["resource"] for one in begun if one["type"] == _CREATING]
    try:
        taken = on.take_up(KilledRun(created=created, live=live, known=known, began=began, adopt=adopt))
    except NotItsOwn as error:
        raise CommandError(
            f"{error}\nNothing was changed. Remove what is of this stack; `PULUMI_BACKEND_URL={engine.place.backend} "
            "pulumi refresh --clear-pending-creates` forgets that the run was creating it. Then run again."
        ) from None
    deployment["resources"] = [*resources, *taken]
    engine.restore(exported)
    # What was being changed is changed again, and so waited for. What was being deleted may be gone, and a provider may
    # take that for an error.
    doubted = [one["urn"] for one in taken if not one.get("initErrors")]
    there = {resource["urn"] for resource in resources}
    doubted += [urn for one in begun if one["type"] == _DELETING and (urn := one["resource"]["urn"]) in there]
    if doubted and engine.refresh(list(dict.fromkeys(doubted))):
        raise CommandError("what an earlier run left could not be read; see above, then run again.")
    return True


def warn_of_pending(engine: Engine, make_up: str) -> None:
    """For a preview, which changes nothing."""
    if engine.name != "pulumi":
        return
    for one in engine.exported()["deployment"].get("pending_operations") or []:
        warn(f"preview: an earlier run was killed while {one['type']} {_name(one['resource'])}; `{make_up}` goes on")


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource['type'].rsplit(':', 1)[-1]} {resource['urn'].rsplit('::', 1)[-1]}"


def _locks(backend: str, stack: str) -> Sequence[Lock]:
    """Those of a state in a directory. Other backends say themselves who works on a stack."""
    if not backend.startswith("file://"):
        return ()
    found = []
    for path in sorted((directory(backend) / ".pulumi/locks/organization" / PROJECT / stack).glob("*.json")):
        try:
            said = json.loads(path.read_text())
            found.append(Lock(path, int(said["pid"]), said["username"], said["hostname"], said["timestamp"]))
        except FileNotFoundError:
            continue  # its run ended just now
        except (ValueError, KeyError):  # a run that was killed while it wrote it
            raise CommandError(
                f"stack {stack} is locked by {path}, which does not say by whom: if nothing works on the stack, "
                "remove this file."
            ) from None
    return found


def _alive(pid: int) -> bool:
    """Whether the process is there and a `pulumi`: numbers are given again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    line = ["ps", "-o", "stat=", "-o", "comm=", "-p", str(pid)]
    told = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    return "pulumi" in told and not told.startswith("Z")  # Z: it ended, and nobody asked how
