"""What the real provider stores of a Kubernetes object."""

from __future__ import annotations

import secrets

from sandbox.engine.providers.kubernetes.kinds import SECRET, Kind
from sandbox.engine.values import Properties, Secret, Value, plain, secret

FIELD_MANAGER = "__fieldManager"
# Change with every dry run: a preview that showed them would never be the same twice.
_NOT_IN_A_PREVIEW = ("creationTimestamp", "generation", "resourceVersion", "uid")


def field_manager(outputs: Properties) -> str:
    """The name under which the object's fields are owned: the recorded one, else a new one."""
    return str(plain(outputs.get(FIELD_MANAGER)) or f"pulumi-kubernetes-{secrets.token_hex(4)}")


def outputs(kind: Kind, inputs: Properties, live: Properties, manager: str, preview: bool = False) -> Properties:
    """The object as the API server answered it, secret where the program was, with the inputs that made it."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    stored = {**live, "metadata": metadata}
    if preview:
        stored.pop("status", None)
        for key in _NOT_IN_A_PREVIEW:
            metadata.pop(key, None)
    stored = _hidden(stored, inputs)
    if kind.type == SECRET and "data" in stored:
        stored["data"] = secret(stored["data"])
    return {
        FIELD_MANAGER: manager,
        "__initialApiVersion": kind.api_version,
        "__inputs": inputs,
        **stored,
    }


def identifier(live: Properties) -> str:
    """The id: namespace and name, or the name of an object outside namespaces."""
    namespace = live["metadata"].get("namespace")
    name = str(live["metadata"]["name"])
    return f"{namespace}/{name}" if namespace else name


def _hidden(live: Value, inputs: Value) -> Value:
    """`live` with what is secret in `inputs` made secret."""
    if isinstance(inputs, Secret):
        return secret(live)
    if isinstance(inputs, dict) and isinstance(live, dict):
        return {key: _hidden(value, inputs[key]) if key in inputs else value for key, value in live.items()}
    if isinstance(inputs, list) and isinstance(live, list) and len(inputs) == len(live):
        return [_hidden(value, given) for value, given in zip(live, inputs, strict=True)]
    return live


def observed(inputs: Value, live: Value) -> Value:
    """`live` with the empty values of `inputs` that the API server leaves out, so that only drift shows."""
    given = inputs.value if isinstance(inputs, Secret) else inputs
    if live is None:
        return live if given else plain(given)
    if isinstance(given, dict) and isinstance(live, dict):
        return {**live, **{key: observed(value, live.get(key)) for key, value in given.items()}}
    if isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        return [observed(value, found) for value, found in zip(given, live, strict=True)]
    return live
