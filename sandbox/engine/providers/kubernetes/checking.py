"""Inputs of a Kubernetes object as the real provider records them."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.kubernetes.kinds import SECRET, Kind
from sandbox.engine.providers.kubernetes.quantities import normalized
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value, has_unknown, plain

AUTONAMED = "pulumi.com/autonamed"
# Filled in by the API server; the real provider takes them out of the inputs.
_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def checked(kind: Kind, name: str, old: Properties, new: Properties, default_namespace: str | None) -> Properties:
    """The inputs to record. Raises ProviderError where the real provider refuses them."""
    for key, wanted in (("apiVersion", kind.api_version), ("kind", kind.kind)):
        if plain(new.get(key, wanted)) != wanted:
            raise ProviderError(f"kubernetes {kind.kind} {name}: {key} must be {wanted}, got {plain(new[key])}")
    inputs = normalized({"apiVersion": kind.api_version, "kind": kind.kind, **new})
    if kind.type == SECRET:
        inputs = _secret_data(inputs)
    metadata = inputs.get("metadata")
    if metadata is UNKNOWN:
        return dict(inputs)
    hidden = isinstance(metadata, Secret)
    named = _metadata(kind, name, old, plain(metadata) if hidden else dict(metadata or {}))
    if default_namespace and kind.namespaced and not named.get("namespace"):
        named["namespace"] = default_namespace
    return {**inputs, "metadata": Secret(named) if hidden else named}


def _metadata(kind: Kind, name: str, old: Properties, given: Properties) -> Properties:
    metadata = {key: value for key, value in given.items() if key not in _READ_ONLY}
    if metadata.get("name"):
        return metadata
    if metadata.get("generateName"):
        raise ProviderError(
            f"kubernetes {kind.kind} {name}: metadata.generateName does not work with server-side apply; "
            "give metadata.name or leave both out"
        )
    before = plain(old.get("metadata")) or {}
    if is_autonamed(old):
        metadata["name"] = before["name"]
    else:
        # pulumi-kubernetes: eight random hex digits after the resource's name.
        metadata["name"] = f"{name}-{secrets.token_hex(4)}"
    metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return metadata


def annotation(inputs: Properties, key: str) -> str:
    """The value of one annotation; empty where it is not set."""
    metadata = plain(inputs.get("metadata"))
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return str(annotations.get(key) or "") if isinstance(annotations, dict) else ""


def is_autonamed(inputs: Properties) -> bool:
    return annotation(inputs, AUTONAMED) == "true"


def _secret_data(inputs: Properties) -> Properties:
    """`stringData` becomes `data`, as the API server stores it; `data` is a secret whatever the program said."""
    texts, data = _mapping(inputs.get("stringData")), _mapping(inputs.get("data"))
    rest: dict[str, Any] = {key: value for key, value in inputs.items() if key not in ("stringData", "data")}
    if texts is None or data is None:
        return {**rest, "data": Secret(UNKNOWN)}
    encoded = {key: _encoded(value) for key, value in texts.items()}
    merged = {**data, **encoded}
    return {**rest, "data": Secret(plain(merged))} if merged else rest


def _mapping(value: Value) -> Properties | None:
    """The entries of a map; None when not even its keys are known."""
    inner = value.value if isinstance(value, Secret) else value
    if inner is UNKNOWN:
        return None
    return dict(inner or {})


def _encoded(value: Value) -> Value:
    if has_unknown(value):
        return UNKNOWN
    return base64.b64encode(str(plain(value)).encode()).decode()
