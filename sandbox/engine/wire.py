"""Property values in the protobuf form that the Pulumi SDK sends and reads."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2

from sandbox.engine.errors import EngineError
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value, secret

# Markers of the Pulumi wire format (sdk/proto, "special signatures"); they also mark secrets in a checkpoint.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# Doubles hold every integer up to 2**53.
_LARGEST_INTEGER = 2**53


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties in a protobuf struct. Raises EngineError for assets and archives."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: struct_pb2.Value) -> Value:
    """One property value; a resource reference becomes the resource's id, or its URN for a component."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text == UNKNOWN_TEXT else text
    if kind == "number_value":
        number = value.number_value
        return int(number) if abs(number) <= _LARGEST_INTEGER and number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        return _special(fields) if SIGNATURE in fields else from_struct(value.struct_value)
    return None


def _special(fields: Any) -> Value:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET:
        return secret(from_value(fields["value"]))
    if signature == OUTPUT:
        inner = from_value(fields["value"]) if "value" in fields else UNKNOWN
        return secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
    if signature == RESOURCE:
        if "id" not in fields:
            return from_value(fields["urn"])
        return from_value(fields["id"]) or UNKNOWN
    raise EngineError("assets and archives are not supported by the sandbox engine: pass the content as a string")


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """The protobuf struct of `properties`, secrets marked as such."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(struct.fields[key], value)
    return struct


def _fill(target: struct_pb2.Value, value: Value) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, Secret):
        fields = target.struct_value.fields
        fields[SIGNATURE].string_value = SECRET
        _fill(fields["value"], value.value)
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _fill(target.struct_value.fields[key], item)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    else:
        raise TypeError(f"{type(value).__name__} is not a property value")
