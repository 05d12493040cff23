"""What an application uses of the stack: components by name, and how their contracts reach it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from components.facts import fact_text
from settings.base import Settings
from settings.types import EnvName, ProcessText

Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$")]
"""What the names of injected variables begin with."""

Template = Annotated[ProcessText, AfterValidator(fact_text)]
"""A text with facts in braces."""

Preset = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
"""The name of a preset: which there are is for a rule of the whole stack."""


Role = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,30}$")]
"""The name of a role: which there are is for a rule of the whole stack."""


class Use(Settings):
    """How the contract of one component reaches the application."""

    prefix: Prefix | None = None
    """What the names of its variables begin with (`DATABASE`)."""
    preset: Preset | None = None
    """The variables and the URL that a library takes (`asyncpg`, `celery`), in place of one variable for each fact.
    The component's README lists them."""
    env: dict[EnvName, Template] = Field(default_factory=dict)
    """Variables of your own choice: name -> text with facts in braces (`"{host}"`,
    `"postgresql+asyncpg://{user}:{password}@{host}:{port}/{name}"`). Values are percent-encoded in URLs and escaped in
    JSON. A text with a secret fact becomes a secret."""
    role: Role | None = None
    """The role of a database in whose name it is used, from `roles` there; default: the database's owner."""
    inject: Literal["files", "variables"] = "files"
    """`files`: a variable that is a secret becomes a file, and `<VARIABLE>_FILE` holds its path; `variables`: exported
    by a launcher, for applications that read only variables (needs `command`)."""

    pooled: bool = False
    """Through the pooler of a database (`databases.<name>.pooler`): host, port and URL are the pooler's. `migrations`
    go to the write endpoint all the same. An application that needs sessions too (`LISTEN`) leaves it out, and has
    the pooler's address in facts of its own."""
    pool: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = None
    """Connections to a database that each replica opens at most, with all its workers: the stack is refused where all
    clients together may open more than the database has. Default: not counted. The application has to keep it."""

    @model_validator(mode="after")
    def _says_something(self) -> "Use":
        if self.prefix is None and not self.env:
            raise ValueError("needs `prefix` or `env`: the application would not be told anything")
        if self.prefix is None and self.preset is not None:
            raise ValueError("`preset` needs `prefix`: the names of its variables begin with it")
        return self


def _grouped(value: object) -> object:
    """Stack files from before the flat map said `{databases: {main: DATABASE}, inject: variables}`."""
    if not isinstance(value, dict):
        return value
    groups = [key for key in ("databases", "caches") if _is_group(value.get(key))]
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


def _is_group(value: object) -> bool:
    return isinstance(value, dict) and not value.keys() & Use.model_fields.keys()


def _text_or_keys(value: object) -> str | None:
    return "text" if isinstance(value, str) else "keys" if isinstance(value, (dict, Use)) else None


def _prefixes_differ(uses: Mapping[str, "str | Use"]) -> Mapping[str, "str | Use"]:
    prefixes = [use.prefix for use in each_use(uses).values() if use.prefix is not None]
    if len(set(prefixes)) != len(prefixes):
        raise ValueError("two contracts have the same prefix: their variables would overwrite each other")
    return uses


def each_use(uses: Mapping[str, str | Use]) -> dict[str, Use]:
    """The uses, by the component's name; a text is the prefix alone."""
    return {name: use if isinstance(use, Use) else Use(prefix=use) for name, use in uses.items()}


UsedName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?(/[a-z_][a-z0-9_]{0,30})?$")]
"""A component, or a part of it: `main/analytics` is the database `analytics` of the cluster `main`."""

Uses = Annotated[
    dict[
        UsedName,
        Annotated[
            Annotated[Prefix, Tag("text")] | Annotated[Use, Tag("keys")],
            Discriminator(
                _text_or_keys,
                custom_error_type="text_or_keys",
                custom_error_message="is a prefix such as `DATABASE`, or a map of `prefix`, `preset`, `env`, `role`, "
                "`inject`, `pooled`, `pool`",
            ),
        ],
    ],
    BeforeValidator(_grouped),
    AfterValidator(_prefixes_differ),
]
"""A component's name -> how its contract is injected."""
