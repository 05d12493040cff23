"""A deployment (`stack export`) without what differs from run to run, so that two engines' can be compared.

What the comparison leaves out on purpose, because the real providers add it by themselves and a later preview of
theirs does not ask for it: raw state deltas, schema versions, the image digest and the platforms that the docker
provider looks up in a registry when it creates a service, and outputs that are empty in one way or another.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = "[secret]"
_AUTOMATIC = re.compile(r"-[0-9a-f]{7,8}$")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SWARM_ID = re.compile(r"[0-9a-z]{25}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEFT_OUT = frozenset(
    {
        "__pulumi_raw_state_delta",
        "__meta",
        "__fieldManager",
        "__inputs",
        "__internal",
        "bcryptHash",
        "platforms",
        "status",
        # Chosen by the machine, the API server or the daemon.
        "clusterIP",
        "clusterIPs",
        "creationTimestamp",
        "gateway",
        "kubeconfig",
        "generation",
        "managedFields",
        "mountpoint",
        "resourceVersion",
        "subnet",
        "uid",
        "volumeName",
        "com.docker.network.driver.overlay.vxlanid_list",
        "batch.kubernetes.io/controller-uid",
        "controller-uid",
        "deprecated.daemonset.template.generation",
        "deployment.kubernetes.io/revision",
    }
)


def resources(deployment: dict[str, Any]) -> dict[str, Any]:
    """By URN: type, parent, dependencies, inputs and outputs of every resource of an exported deployment."""
    exported = (deployment.get("deployment") or deployment)["resources"]
    names = {
        str(item["id"]): f"<id of {item['urn'].split('::')[-1]}>"
        for item in exported
        if _SWARM_ID.fullmatch(str(item.get("id")))
    }
    return {item["urn"]: resource(item, names) for item in exported}


def resource(item: dict[str, Any], names: dict[str, str] | None = None) -> dict[str, Any]:
    """One resource of a deployment, or a `newState` of `preview --json`. `names` stands for ids."""
    known = names or {}
    return {
        "type": item["type"],
        "custom": bool(item.get("custom")),
        "parent": item.get("parent", ""),
        "provider": _UUID.sub("", str(item.get("provider", ""))).replace(UNKNOWN, ""),
        "dependencies": sorted(item.get("dependencies") or []),
        "inputs": _value(item.get("inputs") or {}, known),
        # Inputs keep the program's order; what the API answers has its own.
        "outputs": _filled(_value(item.get("outputs") or {}, known)),
    }


def _value(value: Any, names: dict[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return SECRET
        cleaned = {k: _value(v, names, k) for k, v in sorted(value.items()) if k not in _LEFT_OUT}
        return {k: v for k, v in cleaned.items() if v is not None}
    if isinstance(value, list):
        items = [_value(item, names, key) for item in value]
        return sorted(items) if key == "__defaults" else items
    if isinstance(value, str):
        if key == "id" and value not in names and value != UNKNOWN:
            return None  # A random resource's.
        return _AUTOMATIC.sub("-*", _DIGEST.sub("", names.get(value, value)))
    return value


def _filled(value: Any) -> Any:
    """`value` without what is empty, lists in an order of their own."""
    if isinstance(value, dict):
        filled = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in filled.items() if item not in (None, "", [], {}, "0s", 0, False)}
    if isinstance(value, list):
        return sorted((_filled(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where `ours` is not `theirs`, each with both values. What a preview does not know yet equals anything."""
    if ours == UNKNOWN:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            found
            for key in sorted(ours.keys() | theirs.keys())
            for found in differences(ours.get(key), theirs.get(key), f"{path}.{key}" if path else key)
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            found
            for index, pair in enumerate(zip(ours, theirs, strict=True))
            for found in differences(*pair, f"{path}[{index}]")
        ]
    return [] if ours == theirs else [f"{path}: {ours!r}, but the Pulumi CLI has {theirs!r}"]
