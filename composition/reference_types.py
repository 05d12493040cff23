"""Types, bounds and defaults of settings, as a person writes them in a stack file."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import types

_UNITS: Mapping[Any, str] = {
    types.whole_seconds: "duration",
    types.milliseconds: "duration",
    types.memory_bytes: "size",
    types.cpu_millis: "CPU",
}
_PLAIN = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    IPv4Address: "address",
    IPv4Network: "address range",
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every settings model that a value of this type may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from models_in(argument)


def type_text(field: FieldInfo, anchors: Mapping[type[BaseModel], str]) -> str:
    """What may be written, with its bounds."""
    text = _type(field.annotation, field.metadata, anchors)
    return f"{text}{_bounds(field)}"


def _type(annotation: Any, metadata: list[Any], anchors: Mapping[type[BaseModel], str]) -> str:
    if unit := _unit(annotation, metadata):
        return unit[0]
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None:
            return _named(annotation, anchors)
        case origin if origin is Literal:
            return " or ".join(f"`{value}`" for value in arguments)
        case origin if origin is tuple:
            return f"list of {_type(arguments[0], [], anchors)}"
        case origin if origin is dict:
            return f"map of {_type(arguments[1], [], anchors)}"
        case _ if hasattr(annotation, "__metadata__"):
            return _type(arguments[0], list(annotation.__metadata__), anchors)
        case _:
            return " or ".join(_type(one, [], anchors) for one in arguments if one is not type(None))


def _named(annotation: Any, anchors: Mapping[type[BaseModel], str]) -> str:
    if annotation in anchors:
        return f"[keys](#{anchors[annotation]})"
    return "nothing" if annotation is type(None) else _PLAIN[annotation]


def _unit(annotation: Any, metadata: list[Any]) -> tuple[str, Callable[[int], str]] | None:
    """The unit of a number that is written as text."""
    for each in metadata:
        if isinstance(each, types.Unit):
            return _UNITS[each.parse], each.show
    found = [unit for one in get_args(annotation) if (unit := _unit(one, list(getattr(one, "__metadata__", ()))))]
    return found[0] if found and get_origin(annotation) not in (dict, tuple) else None


def _bounds(field: FieldInfo) -> str:
    """Of the value itself, not of what a list or map holds."""
    unit = _unit(field.annotation, field.metadata)
    show = unit[1] if unit else str
    limits = list(_limits(field.annotation, field.metadata))
    low = next((show(each.ge) for each in limits if isinstance(each, annotated_types.Ge)), None)  # type: ignore[arg-type]
    high = next((show(each.le) for each in limits if isinstance(each, annotated_types.Le)), None)  # type: ignore[arg-type]
    if low and high:
        return f", {low} to {high}"
    return f", {low} or more" if low else f", at most {high}" if high else ""


def _limits(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)
    if get_origin(annotation) in (dict, tuple):
        return
    for argument in get_args(annotation):
        yield from _limits(argument, list(getattr(argument, "__metadata__", ())))


def default_text(field: FieldInfo) -> str:
    """The default as it would be written."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, BaseModel):
        return "its defaults"
    if unit := _unit(field.annotation, field.metadata):
        return f"`{unit[1](value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{value}`"
