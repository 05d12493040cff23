"""The configuration of policies, as the CLI reads it: `{"all": "advisory", "a-rule": "disabled"}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from sandbox.engine.errors import EngineError
from sandbox.engine.wire import to_struct

_LEVELS = {"advisory": 0, "mandatory": 1, "disabled": 2, "remediate": 3}
_ALL = "all"


def read(file: Path) -> dict[str, dict[str, Any]]:
    """What the file says of each policy, with the level under `enforcementLevel`. Raises EngineError."""
    try:
        document = json.loads(file.read_text(encoding="utf-8") or "{}")
    except OSError as error:
        raise EngineError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise EngineError(f"{file}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise EngineError(f"{file}: a policy configuration is an object of policies by name")
    for key in ("version", "environments"):
        if isinstance(document.get(key), int | float | list):
            raise EngineError(f"{file}: `{key}`: the sandbox engine reads policies alone; use the Pulumi CLI")
    return {name: _policy(file, name, given) for name, given in document.items()}


def _policy(file: Path, name: str, given: Any) -> dict[str, Any]:
    policy = {"enforcementLevel": given} if isinstance(given, str) else given
    if not isinstance(policy, dict):
        raise EngineError(f"{file}: {name}: {given!r} is neither a level nor an object")
    level = policy.get("enforcementLevel")
    if level is not None and level not in _LEVELS:
        raise EngineError(f"{file}: {name}: {level!r} is no level; use {', '.join(sorted(_LEVELS))}")
    return policy


def request(info: Any, given: Mapping[str, Mapping[str, Any]]) -> Any:
    """What a pack is configured with: its own levels, then what is said of all, then of each. Raises EngineError."""
    result = analyzer_pb2.ConfigureAnalyzerRequest()
    for policy in info.policies:
        result.policyConfig[policy.name].enforcementLevel = policy.enforcementLevel
        if policy.configSchema.properties and (given.get(policy.name, {}).keys() - {"enforcementLevel"}):
            raise EngineError(f"{policy.name}: the sandbox engine checks no schema of a policy; use the Pulumi CLI")
    if (all_of := given.get(_ALL, {}).get("enforcementLevel")) is not None:
        for one in result.policyConfig.values():
            one.enforcementLevel = _LEVELS[all_of]
    for name, settings in given.items():
        if name == _ALL:
            continue
        level = settings.get("enforcementLevel")
        if level is None and name not in result.policyConfig:
            raise EngineError(f"{name}: the pack {info.name} has no such policy")
        one = result.policyConfig[name]
        if level is not None:
            one.enforcementLevel = _LEVELS[level]
        one.properties.CopyFrom(to_struct({key: value for key, value in settings.items() if key != "enforcementLevel"}))
    return result
