"""The stack's state: a checkpoint the Pulumi CLI can import, and the journal of the run at work."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from sandbox.engine.checkpoint import (
    Crypter,
    Resource,
    check_deployment,
    deployment,
    dump_resource,
    load_resource,
    ordered,
    renamed,
)
from sandbox.engine.errors import EngineError
from sandbox.engine.files import write_atomically
from sandbox.engine.journal import Entry, Journal

PendingKind = Literal["creating", "updating", "deleting"]
CrypterFactory = Callable[[str], Crypter]
"""Makes the crypter for a recorded salt, or for a new one when the salt is ""."""


class State:
    """Resources by URN, safe for use by several threads. Whatever a method with `durable` semantics returns from is on
    disk; `close` folds it into the checkpoint."""

    def __init__(self, path: Path, crypter: CrypterFactory) -> None:
        """Reads the checkpoint at `path` and the journal beside it. Raises EngineError when they cannot be read."""
        self.path = path
        self.live: dict[str, Resource] = {}
        self.condemned: dict[tuple[str, str], Resource] = {}
        self.pending: dict[str, tuple[PendingKind, Resource]] = {}
        self._factory = crypter
        self._crypter: Crypter | None = None
        self._salt = ""
        self._lock = threading.RLock()
        self._journal = Journal(path)
        self._dirty = False
        if path.exists():
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise EngineError(f"{path}: not a state file: {error}") from None
            self._load(check_deployment(document, str(path)))
        for entry in self._journal.read():
            self._replay(entry)

    def _load(self, body: dict[str, Any]) -> None:
        self._salt = ((body.get("secrets_providers") or {}).get("state") or {}).get("salt", "")
        for document in body.get("resources") or []:
            self._keep(load_resource(document, self.crypter))
        for operation in body.get("pending_operations") or []:
            resource = load_resource(operation["resource"], self.crypter)
            self.pending[resource.urn] = (operation["type"], resource)

    @property
    def crypter(self) -> Crypter:
        """Made when first needed: deriving the key takes a third of a second."""
        with self._lock:
            if self._crypter is None:
                self._crypter = self._factory(self._salt)
            return self._crypter

    def _keep(self, resource: Resource) -> None:
        if resource.condemned:
            self.condemned[resource.urn, str(resource.id)] = resource
        else:
            self.live[resource.urn] = resource

    def _forget(self, urn: str, id: str, condemned: bool) -> None:
        if condemned:
            self.condemned.pop((urn, id), None)
        else:
            self.live.pop(urn, None)

    def _replay(self, entry: Entry) -> None:
        self._dirty = True
        match entry["do"]:
            case "salt":
                self._salt = entry["salt"]
            case "put":
                self._keep(load_resource(entry["resource"], self.crypter))
            case "drop":
                self._forget(entry["urn"], entry["id"], entry["condemned"])
            case "begin":
                resource = load_resource(entry["resource"], self.crypter)
                self.pending[resource.urn] = (entry["kind"], resource)
            case "end":
                self.pending.pop(entry["urn"], None)
            case "rename":
                self._rename(entry["old"], entry["new"])

    def _entry(self, do: str, **fields: Any) -> Entry:
        return {"do": do, **fields}

    def _put_entry(self, resource: Resource) -> Entry:
        return self._entry("put", resource=dump_resource(resource, self.crypter))

    def _write(self, *entries: Entry) -> None:
        self._dirty = True
        # A journal without a checkpoint must say which salt its secrets were encrypted with.
        salt = () if self._salt else (self._entry("salt", salt=self.crypter.state),)
        self._salt = self.crypter.state
        self._journal.write(*salt, *entries)

    def begin(self, kind: PendingKind, resource: Resource) -> None:
        """Records durably that an operation on `resource` is about to run."""
        with self._lock:
            self.pending[resource.urn] = (kind, resource)
            self._write(self._entry("begin", kind=kind, resource=dump_resource(resource, self.crypter)))

    def abandon(self, urn: str) -> None:
        """Records durably that the begun operation changed nothing."""
        with self._lock:
            if self.pending.pop(urn, None):
                self._write(self._entry("end", urn=urn))

    def put(self, resource: Resource, condemn: Resource | None = None) -> None:
        """Records durably the outcome of an operation; `condemn` is the entry it replaces, deleted later."""
        with self._lock:
            entries = []
            if condemn is not None:
                old = replace(condemn, condemned=True)
                self._keep(old)
                entries.append(self._put_entry(old))
            self._keep(resource)
            entries.append(self._put_entry(resource))
            if self.pending.pop(resource.urn, None):
                entries.append(self._entry("end", urn=resource.urn))
            self._write(*entries)

    def note(self, resource: Resource) -> None:
        """Records what has no object behind it (components, unchanged resources); durable with the next operation."""
        with self._lock:
            if self.live.get(resource.urn) == resource:
                return
            self._keep(resource)
            self._dirty = True
            self._journal.hold(self._put_entry(resource))

    def drop(self, resource: Resource) -> None:
        """Records durably that the resource is gone."""
        with self._lock:
            id = str(resource.id)
            self._forget(resource.urn, id, resource.condemned)
            entries = [self._entry("drop", urn=resource.urn, id=id, condemned=resource.condemned)]
            if self.pending.pop(resource.urn, None):
                entries.append(self._entry("end", urn=resource.urn))
            self._write(*entries)

    def rename(self, old: str, new: str) -> None:
        """Gives a resource another URN, and every reference to it."""
        with self._lock:
            self._rename(old, new)
            self._write(self._entry("rename", old=old, new=new))

    def _rename(self, old: str, new: str) -> None:
        self.live = {(r := renamed(resource, old, new)).urn: r for resource in self.live.values()}
        self.condemned = {
            ((r := renamed(resource, old, new)).urn, str(r.id)): r for resource in self.condemned.values()
        }

    def resources(self) -> list[Resource]:
        """All entries, each after those it needs."""
        with self._lock:
            return ordered([*self.live.values(), *self.condemned.values()])

    def export(self, show_secrets: bool = False) -> dict[str, Any]:
        """The deployment as `pulumi stack export` writes it."""
        with self._lock:
            crypter = None if show_secrets else self.crypter
            resources = [dump_resource(resource, crypter) for resource in self.resources()]
            pending = [
                {"resource": dump_resource(resource, crypter), "type": kind} for kind, resource in self.pending.values()
            ]
            return deployment(resources, pending, self.crypter.state)

    def adopt(self, document: Any, source: str) -> None:
        """Replaces everything by an exported deployment."""
        with self._lock:
            body = check_deployment(document, source)
            self.live, self.condemned, self.pending = {}, {}, {}
            self._crypter = None
            self._load(body)
            self._dirty = True
            self.close()

    def close(self) -> None:
        """Writes the checkpoint, when anything changed, and removes the journal."""
        with self._lock:
            if self._dirty:
                write_atomically(self.path, json.dumps(self.export(), indent=2) + "\n")
            self._journal.remove()
            self._dirty = False

    def discard(self) -> None:
        """Ends a run whose notes are not worth a checkpoint: only what was durable is kept."""
        with self._lock:
            if self._journal.written:
                self.close()
