"""A provider whose objects are files in a directory, so that they outlive a killed run."""

# ruff: noqa: ARG002 - the interface fixes the arguments
from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from pathlib import Path

from sandbox.engine.providers.base import (
    Diff,
    PartialFailure,
    Provider,
    ProviderError,
    ProviderUnreachable,
    timeout,
)
from sandbox.engine.values import UNKNOWN, Properties, Value, diff, plain

THING = "fake:index:Thing"
OTHER = "fake:index:Other"


class FakeProvider(Provider):
    """Inputs: `name` (automatic when left out), `size` (updatable), `shape` (force-new), `delay` in seconds, `fail` and
    `unready` (a reason). The file also says how often each object was changed."""

    types = frozenset({THING, OTHER})
    root = Path("unset")
    unreachable = ""

    def _log(self, *what: str) -> None:
        with (self.root / "calls").open("a", encoding="utf-8") as file:
            file.write(" ".join(what) + "\n")

    def _path(self, id: str) -> Path:
        return self.root / "objects" / id

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:
        if "bad" in new_inputs:
            raise ProviderError(f"{name}: bad: not an input")
        inputs = dict(new_inputs)
        if inputs.get("name") is None:
            inputs["name"] = old_inputs.get("name") or f"{name}-{secrets.token_hex(3)}"
            inputs["auto"] = True
        return inputs

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        changes = diff(old_inputs, new_inputs)
        forced = {p: replace(c, replace=True) if p[0] in ("shape", "name") else c for p, c in changes.items()}
        return Diff(forced, delete_before_replace=not new_inputs.get("auto") and ("name",) not in changes)

    def _write(self, id: str, inputs: Properties, changed: int) -> Properties:
        body = {"inputs": plain(inputs), "changed": changed, "timeout": timeout(-1)}
        temporary = self.root / f".{id}.{secrets.token_hex(3)}"
        temporary.write_text(json.dumps(body), encoding="utf-8")
        temporary.rename(self._path(id))
        return {**inputs, "changed": changed}

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:
        if preview:
            return UNKNOWN, {**inputs, "changed": 0, "address": UNKNOWN}
        id = str(plain(inputs["name"]))
        self._log("create", id)
        if inputs.get("fail"):
            raise ProviderError(str(inputs["fail"]))
        if self._path(id).exists():
            raise ProviderError(f"{id}: already exists")
        time.sleep(inputs.get("delay", 0) / 2)
        outputs = {**self._write(id, inputs, 0), "address": f"at-{id}"}
        time.sleep(inputs.get("delay", 0) / 2)
        if inputs.get("lost"):
            raise ConnectionError("no answer")
        if inputs.get("unready"):
            raise PartialFailure(id, outputs, str(inputs["unready"]))
        return id, outputs

    def update(
        self,
        urn: str,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        changed = 0 if preview else json.loads(self._path(id).read_text(encoding="utf-8"))["changed"] + 1
        outputs = {**inputs, "changed": changed, "address": f"at-{id}"}
        if preview:
            return outputs
        self._log("update", id)
        time.sleep(inputs.get("delay", 0) / 2)
        self._write(id, inputs, changed)
        time.sleep(inputs.get("delay", 0) / 2)
        if inputs.get("fail"):
            raise ProviderError(str(inputs["fail"]))
        if inputs.get("unready"):
            raise PartialFailure(id, outputs, str(inputs["unready"]))
        return outputs

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        if not self._path(id).exists():
            return None
        body = json.loads(self._path(id).read_text(encoding="utf-8"))
        return {**body["inputs"], "changed": body["changed"], "address": f"at-{id}"}

    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        found = self.read(type, id, inputs, {})
        return None if found is None else {key: found.get(key) for key in inputs}

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:
        self._log("delete", id)
        time.sleep(inputs.get("delay", 0))
        self._path(id).unlink(missing_ok=True)

    def find(self, type: str, inputs: Properties) -> str | None:
        id = str(plain(inputs["name"]))
        return id if self._path(id).exists() else None

    def reachable(self) -> None:
        if self.unreachable:
            raise ProviderUnreachable(self.unreachable)
