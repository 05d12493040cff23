"""Adjusting a resource's properties by its options."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.engine.values import Path, Properties, Secret, Value, secret


def keep_ignored(new: Properties, old: Properties, ignored: Iterable[Path]) -> Properties:
    """`new` with the values of `old` at the `ignored` paths; what `old` lacks there is left out."""
    result: Value = new
    for path in ignored:
        result = _keep(result, old, path)
    kept: Properties = result
    return kept


def _keep(new: Value, old: Value, path: Path) -> Value:
    if not path:
        return old
    if isinstance(new, Secret) or isinstance(old, Secret):
        return secret(_keep(_open(new), _open(old), path))
    head, rest = path[0], path[1:]
    if isinstance(new, dict) and isinstance(old, dict):
        result = dict(new)
        for key in (new.keys() | old.keys()) if head == "*" else {head}:
            if rest and key in result:
                result[key] = _keep(result[key], old.get(key), rest)
            elif not rest and key in old:
                result[key] = old[key]
            elif not rest:
                result.pop(key, None)
        return result
    if isinstance(new, list) and isinstance(old, list):
        return [
            _keep(item, old[index], rest) if head in ("*", index) and index < len(old) else item
            for index, item in enumerate(new)
        ]
    return new


def _open(value: Value) -> Value:
    return value.value if isinstance(value, Secret) else value


def hide_outputs(outputs: Properties, inputs: Properties, additional: Iterable[str]) -> Properties:
    """`outputs` with those made secret whose input is secret, and those named by `additional_secret_outputs`."""
    hidden: Properties = _hide(outputs, inputs)
    return {key: secret(value) if key in additional else value for key, value in hidden.items()}


def _hide(output: Value, given: Value) -> Value:
    if isinstance(output, Secret):
        return output
    if isinstance(given, Secret):
        return Secret(output)
    if isinstance(output, dict) and isinstance(given, dict):
        return {key: _hide(value, given[key]) if key in given else value for key, value in output.items()}
    if isinstance(output, list) and isinstance(given, list) and len(output) == len(given):
        return [_hide(value, asked) for value, asked in zip(output, given, strict=True)]
    return output
