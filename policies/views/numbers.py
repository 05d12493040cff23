"""Numbers and lists of texts as the engine hands them over."""

from typing import Any


def whole(value: Any) -> Any:
    """Every number comes as a float: 10001.0 is the user id 10001, and is shown as that.

    Only single values are converted: walking a whole resource would stop at the first value that a preview does not
    know yet.
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def texts(*lists: Any) -> tuple[str, ...]:
    """The texts in lists that a preview may not know yet."""
    return tuple(item for each in lists if isinstance(each, list) for item in each if isinstance(item, str))
