"""What an application uses of the stack: components by name, and how their contracts reach it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, StringConstraints, Tag

from settings.base import Settings
from settings.types import Name

Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$")]
"""What the names of injected variables begin with."""


class Use(Settings):
    """How the contract of one component reaches the application."""

    prefix: Prefix
    """What the names of its variables begin with (`DATABASE`)."""
    inject: Literal["files", "variables"] = "files"
    """`files`: secrets as `<PREFIX>_<KEY>_FILE`; `variables`: exported by a launcher, for applications that read
    only variables (needs `command`)."""


def _grouped(value: object) -> object:
    """Stack files from before the flat map said `{databases: {main: DATABASE}, inject: variables}`."""
    if not isinstance(value, dict):
        return value
    groups = [key for key in ("databases", "caches") if isinstance(value.get(key), dict) and "prefix" not in value[key]]
    if not groups:
        return value
    inject = {key: value[key] for key in ("inject",) if key in value}
    flat: dict[Any, Any] = {key: each for key, each in value.items() if key not in (*groups, *inject)}
    for group in groups:
        flat |= {
            name: {"prefix": each} | inject if isinstance(each, str) and inject else each
            for name, each in value[group].items()
        }
    return flat


def _text_or_keys(value: object) -> str | None:
    return "text" if isinstance(value, str) else "keys" if isinstance(value, (dict, Use)) else None


def _prefixes_differ(uses: Mapping[str, "str | Use"]) -> Mapping[str, "str | Use"]:
    prefixes = [use.prefix for use in each_use(uses).values()]
    if len(set(prefixes)) != len(prefixes):
        raise ValueError("two contracts have the same prefix: their variables would overwrite each other")
    return uses


def each_use(uses: Mapping[str, str | Use]) -> dict[str, Use]:
    """The uses, by the component's name; a text is the prefix alone."""
    return {name: use if isinstance(use, Use) else Use(prefix=use) for name, use in uses.items()}


Uses = Annotated[
    dict[
        Name,
        Annotated[
            Annotated[Prefix, Tag("text")] | Annotated[Use, Tag("keys")],
            Discriminator(
                _text_or_keys,
                custom_error_type="text_or_keys",
                custom_error_message="is a prefix such as `DATABASE`, or a map with `prefix` and `inject`",
            ),
        ],
    ],
    BeforeValidator(_grouped),
    AfterValidator(_prefixes_differ),
]
"""A component's name -> how its contract is injected."""
