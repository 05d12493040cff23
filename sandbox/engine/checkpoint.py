"""Resources in the form of a Pulumi deployment, version 3, as `pulumi stack export` writes and `import` reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.engine.errors import EngineError
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value
from sandbox.engine.wire import SECRET, SIGNATURE, UNKNOWN_TEXT

# The CLI checks that `magic` is the hash of `version`; the version is the newest whose format this file follows.
CLI_VERSION = "v3.258.0"
# Of a deployment of version 4: what a reader must know. Hooks are the program's, which registers them again.
_FEATURES = {"hooks"}


class Crypter(Protocol):
    """What encrypts secrets at rest."""

    state: str

    def encrypt(self, text: str) -> str: ...

    def decrypt(self, ciphertext: str) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One entry of the state. `condemned`: replaced, its object still to be deleted. `extra`: what the CLI recorded and
    this engine has no use for, kept as it is."""

    urn: str
    type: str
    custom: bool
    id: Value = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    condemned: bool = False
    protect: bool = False
    external: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    init_errors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def needs(self) -> set[str]:
        """URNs that must stand before this resource is made and until after it is deleted."""
        provider = self.provider.rpartition("::")[0]
        return {urn for urn in (self.parent, provider, self.deleted_with, *self.dependencies) if urn} - {self.urn}


_KEYS = {
    "urn": "urn",
    "custom": "custom",
    "delete": "condemned",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "ignoreChanges": "ignore_changes",
}
_TUPLES = {"dependencies", "initErrors", "additionalSecretOutputs", "aliases", "ignoreChanges"}


def dump_value(value: Value, crypter: Crypter | None) -> Any:
    """A property in checkpoint form; without a crypter secrets are written in plain text."""
    if isinstance(value, Secret):
        text = json.dumps(dump_value(value.value, crypter), separators=(",", ":"))
        sealed = {"ciphertext": crypter.encrypt(text)} if crypter else {"plaintext": text}
        return {SIGNATURE: SECRET, **sealed}
    if isinstance(value, dict):
        return {key: dump_value(item, crypter) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [dump_value(item, crypter) for item in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value


def load_value(value: Any, crypter: Crypter) -> Value:
    """The property that `dump_value` wrote."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            text = value["plaintext"] if "plaintext" in value else crypter.decrypt(value["ciphertext"])
            return Secret(load_value(json.loads(text), crypter))
        return {key: load_value(item, crypter) for key, item in value.items()}
    if isinstance(value, list):
        return [load_value(item, crypter) for item in value]
    return UNKNOWN if value == UNKNOWN_TEXT else value


def dump_resource(resource: Resource, crypter: Crypter | None) -> dict[str, Any]:
    """The resource as a JSON object; empty fields are left out, as the CLI does."""
    document: dict[str, Any] = {}
    for key, name in _KEYS.items():
        value = getattr(resource, name)
        if key in ("inputs", "outputs", "id"):
            value = dump_value(value, crypter)
        if key == "custom" or value:
            document[key] = list(value) if isinstance(value, tuple) else value
    return {**document, **resource.extra}


def load_resource(document: dict[str, Any], crypter: Crypter) -> Resource:
    """The resource that `dump_resource` or the CLI wrote."""
    fields: dict[str, Any] = {}
    for key, name in _KEYS.items():
        if document.get(key) is not None:
            value = document[key]
            fields[name] = tuple(value) if key in _TUPLES else value
    for name in ("inputs", "outputs"):
        if name in fields:
            fields[name] = load_value(fields[name], crypter)
    return Resource(**fields, extra={key: value for key, value in document.items() if key not in _KEYS})


def ordered(resources: Iterable[Resource]) -> list[Resource]:
    """Each resource after those it needs, otherwise in the given order: what the CLI demands of a snapshot."""
    todo = list(resources)
    live = {resource.urn: resource for resource in todo if not resource.condemned}
    done: set[int] = set()
    result: list[Resource] = []
    for root in todo:
        stack = [(root, False)]
        while stack:
            resource, expanded = stack.pop()
            if expanded:
                result.append(resource)
            elif id(resource) not in done:
                done.add(id(resource))
                stack.append((resource, True))
                stack.extend((live[urn], False) for urn in sorted(resource.needs(), reverse=True) if urn in live)
    return result


def renamed(resource: Resource, old: str, new: str) -> Resource:
    """The resource with every reference to the URN `old` pointing to `new`."""
    if old != resource.urn and old not in resource.needs():
        return resource
    provider_urn, _, provider_id = resource.provider.rpartition("::")
    swap = {old: new}
    return replace(
        resource,
        urn=swap.get(resource.urn, resource.urn),
        parent=swap.get(resource.parent, resource.parent),
        provider=f"{new}::{provider_id}" if provider_urn == old else resource.provider,
        deleted_with=swap.get(resource.deleted_with, resource.deleted_with),
        dependencies=tuple(swap.get(urn, urn) for urn in resource.dependencies),
        property_dependencies={
            key: [swap.get(urn, urn) for urn in urns] for key, urns in resource.property_dependencies.items()
        },
    )


def deployment(resources: list[dict[str, Any]], pending: list[dict[str, Any]], salt: str) -> dict[str, Any]:
    """The whole document, for resources in checkpoint form."""
    body: dict[str, Any] = {
        "manifest": {
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "magic": hashlib.sha256(CLI_VERSION.encode()).hexdigest(),
            "version": CLI_VERSION,
        },
        "secrets_providers": {"type": "passphrase", "state": {"salt": salt}},
        "resources": resources,
        "metadata": {},
    }
    if pending:
        body["pending_operations"] = pending
    return {"version": 3, "deployment": body}


def check_deployment(document: Any, source: str) -> dict[str, Any]:
    """The deployment inside `document`. Raises EngineError where it is none that this engine can read."""
    if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
        raise EngineError(f"{source}: not a Pulumi deployment (no object `deployment`)")
    version, features = document.get("version"), document.get("features") or []
    if version not in (3, 4):
        raise EngineError(f"{source}: deployment version {version!r}: only versions 3 and 4 can be read")
    if unknown := set(features) - _FEATURES:
        raise EngineError(
            f"{source}: deployment with {', '.join(sorted(unknown))}: only {', '.join(_FEATURES)} can be read"
        )
    body: dict[str, Any] = document["deployment"]
    provider = (body.get("secrets_providers") or {}).get("type", "passphrase")
    if provider != "passphrase":
        raise EngineError(
            f"{source}: secrets provider {provider!r}: only `passphrase` can be read; "
            "run `pulumi stack change-secrets-provider passphrase` first"
        )
    return body
