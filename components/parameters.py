"""Parameters that a stack file hands on to a server, as texts."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema


def _text(value: object) -> object:
    """A value as configuration files hold it; `off` is a text in stack files, `true` is not."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return repr(value) if isinstance(value, (int, float)) else value


def _one_line(text: str) -> str:
    if any(character < " " or character == "\x7f" for character in text):
        raise ValueError("must be one line, without control characters")
    return text


ParameterValue = Annotated[
    str,
    StringConstraints(max_length=1000),
    BeforeValidator(_text),
    AfterValidator(_one_line),
    WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 1000}),
]
"""A text, a number, or true or false."""


def refuse_owned(name: str, owned: dict[str, str], families: dict[str, str]) -> str:
    """The name, unless the platform sets such a parameter itself: by its whole name or by how it begins -> why not, or
    what to write in its place. Raises ValueError."""
    lower = name.lower()
    family = next((why for start, why in families.items() if lower.startswith(start) and "." not in name), None)
    if why := owned.get(lower, family):
        raise ValueError(f"is set by the platform: {why}")
    return name
