"""Property values survive every form they are written in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.checkpoint import dump_value, load_value
from sandbox.engine.display import show
from sandbox.engine.errors import EngineError
from sandbox.engine.values import (
    UNKNOWN,
    Change,
    Secret,
    diff,
    format_path,
    has_secret,
    has_unknown,
    parse_path,
    path_covers,
    plain,
)
from sandbox.engine.wire import OUTPUT, RESOURCE, SIGNATURE, from_struct, to_struct
from tests.engine.stack import CRYPTER


def _hide(value: Any) -> Any:
    return value if isinstance(value, Secret) else Secret(value)


_numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()
)
_leaves = st.none() | st.booleans() | _numbers | st.text()
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | inner.map(_hide),
    max_leaves=20,
)
_properties = st.dictionaries(st.text(), _values, max_size=5)
_paths = st.lists(st.text(min_size=1) | st.integers(0, 99), min_size=1, max_size=5).map(tuple)


@given(_properties)
def test_struct_round_trip(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


@given(_properties)
def test_checkpoint_round_trip_hides_secrets(properties: dict[str, Any]) -> None:
    written = json.dumps(dump_value(properties, CRYPTER))
    assert load_value(json.loads(written), CRYPTER) == properties
    assert has_secret(properties) == ('"ciphertext"' in written) or "ciphertext" in json.dumps(plain(properties))


@given(_properties)
def test_no_difference_to_itself_and_one_to_every_change(properties: dict[str, Any]) -> None:
    assert diff(properties, properties) == {}
    assert diff(plain(properties), properties) == {}
    assert diff(properties, {**properties, "added": 1}) != {} or properties.get("added") == 1


@given(_paths)
def test_path_round_trip(path: tuple[str | int, ...]) -> None:
    if "*" in path:
        return
    assert parse_path(format_path(path)) == path


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 2}, {("a",): Change("update", 1, 2)}),
        ({"a": 1}, {}, {("a",): Change("delete", 1, None)}),
        ({}, {"a": {"b": 1}}, {("a",): Change("add", None, {"b": 1})}),
        ({"a": None}, {}, {}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {("a", 1): Change("update", 2, 3)}),
        ({"a": [1]}, {"a": [1, 2]}, {("a",): Change("update", [1], [1, 2])}),
        ({"a": Secret({"b": 1})}, {"a": {"b": 2}}, {("a", "b"): Change("update", Secret(1), Secret(2))}),
        ({"a": 1}, {"a": True}, {("a",): Change("update", 1, True)}),
        ({"a": 1, "__defaults": []}, {"a": 1, "__defaults": ["a"]}, {}),
    ],
)
def test_diff(old: Any, new: Any, changes: Any) -> None:
    assert diff(old, new) == changes


def test_an_unknown_value_always_differs() -> None:
    assert list(diff({"a": 1, "b": UNKNOWN}, {"a": UNKNOWN, "b": UNKNOWN})) == [("a",), ("b",)]
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert UNKNOWN not in (1, "x")


def test_secrets_are_never_shown() -> None:
    assert "hunter2" not in repr(Secret("hunter2"))
    assert show({"a": [Secret("hunter2")]}) == "[secret]"


def test_wildcards_cover_every_key_and_index() -> None:
    assert path_covers(parse_path("a[*].b"), ("a", 3, "b", "c"))
    assert not path_covers(parse_path("a[*].b"), ("a", 3))


@pytest.mark.parametrize("text", ["a..b[", "a[", 'a["b]'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a property path"):
        parse_path(text)


def test_output_values_and_references_become_plain() -> None:
    struct = struct_pb2.Struct()
    struct.update(
        {
            "known": {SIGNATURE: OUTPUT, "value": "x", "secret": True, "dependencies": []},
            "unknown": {SIGNATURE: OUTPUT},
            "custom": {SIGNATURE: RESOURCE, "urn": "u", "id": "i"},
            "new": {SIGNATURE: RESOURCE, "urn": "u", "id": ""},
            "component": {SIGNATURE: RESOURCE, "urn": "u"},
        }
    )
    properties = from_struct(struct)
    assert properties["unknown"] is UNKNOWN
    assert properties["new"] is UNKNOWN
    assert {k: v for k, v in properties.items() if v is not UNKNOWN} == {
        "known": Secret("x"),
        "custom": "i",
        "component": "u",
    }


def test_assets_are_refused() -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})
    with pytest.raises(EngineError, match="assets and archives"):
        from_struct(struct)
