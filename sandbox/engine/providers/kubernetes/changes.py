"""What an update of a Kubernetes object would change, and which changes need a new object."""

from __future__ import annotations

from sandbox.engine.providers.base import Diff
from sandbox.engine.providers.kubernetes.checking import annotation, is_autonamed
from sandbox.engine.providers.kubernetes.kinds import Kind
from sandbox.engine.values import Change, Path, Properties, Secret, Value, diff, path_covers, plain

_DEFAULT_NAMESPACE = "default"
_REPLACE_UNREADY = "pulumi.com/replaceUnready"


def changes(kind: Kind, old: Properties, new: Properties) -> Diff:
    """The changes from the inputs `old` to `new`. An explicit name has to be free before it is used again."""
    before, after = _in_namespace(kind, old), _in_namespace(kind, new)
    found: dict[Path, Change] = {}
    for path, change in diff(before, after).items():
        replace = any(path_covers(pattern, path) or path_covers(path, pattern) for pattern in kind.replacing)
        found[path] = Change(change.kind, change.old, change.new, replace)
    same_place = _identity(before) == _identity(after)
    return Diff(found, delete_before_replace=same_place and not is_autonamed(new))


def failed_job(kind: Kind, outputs: Properties, new: Properties) -> dict[Path, Change]:
    """A job that failed is made again where its inputs ask for that. The real provider asks the cluster; here the
    outputs tell, which a failure stores."""
    if kind.kind != "Job" or annotation(new, _REPLACE_UNREADY) != "true":
        return {}
    status = plain(outputs.get("status"))
    conditions = status.get("conditions") if isinstance(status, dict) else None
    if not any(one["type"] == "Failed" and one["status"] == "True" for one in conditions or []):
        return {}
    return {("metadata", "annotations", _REPLACE_UNREADY): Change("update", "true", "true", replace=True)}


def _in_namespace(kind: Kind, inputs: Properties) -> Properties:
    """An object without a namespace is in the one called default: saying so is not a change."""
    metadata = inputs.get("metadata")
    inner = metadata.value if isinstance(metadata, Secret) else metadata
    if not kind.namespaced or not isinstance(inner, dict) or inner.get("namespace"):
        return inputs
    named = {**inner, "namespace": _DEFAULT_NAMESPACE}
    return {**inputs, "metadata": Secret(named) if isinstance(metadata, Secret) else named}


def _identity(inputs: Properties) -> tuple[Value, Value]:
    metadata = plain(inputs.get("metadata"))
    return (metadata.get("namespace"), metadata.get("name")) if isinstance(metadata, dict) else (None, object())
