"""Which images run: one file of pins for each source, and one switch for the whole set."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from settings.base import Settings
from settings.references import registry
from settings.types import AbsolutePath, ImageRef, SecretName

_PINS = Path(__file__).parent / "image_pins"

Registry = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$", max_length=200), AfterValidator(registry)
]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


RegistryHost = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?|[a-z0-9-]+:[0-9]+|localhost)$"),
    AfterValidator(registry),
]
"""As it stands before the first `/` of a reference: with a dot or a port."""


class RegistryLogin(Settings):
    """The login for a registry that asks for one."""

    username: Annotated[str, StringConstraints(pattern=r"^[^\s:]+$", max_length=200)]
    """The user, or the fixed name that a registry wants with a token."""
    password_secret: SecretName
    """The given secret that holds the password or token."""


def _versioned(ref: str) -> str:
    if ref.endswith(":latest"):
        raise ValueError("`latest` is not a version; name a tag")
    return ref


class ImagePin(Settings):
    """One pinned image and what components need to know about it."""

    ref: Annotated[ImageRef, AfterValidator(_versioned)]
    """Repository and tag, with the registry if it is not the default one."""
    digest: Digest | None = None
    """`sha256:...` from the named source; None: unverified."""
    unverified: bool = False
    """No source of a digest was available: only the tag is pinned."""
    uid: int = Field(ge=0, le=2**31 - 2, strict=True)
    """The user that the process runs as, and that owns the data directory in the image."""
    gid: int = Field(ge=0, le=2**31 - 2, strict=True)
    data_dir: AbsolutePath | None = None
    """Where the image owns a directory for a volume."""
    bin_dir: AbsolutePath | Literal["/"] | None = None
    """Where the server's programs are, if not on PATH."""
    major: int | None = Field(default=None, ge=1, strict=True)
    """A database server's major version: `databases.<name>.parameters` need it."""
    extensions: tuple[str, ...] = ()
    """The extensions that a database server can create: `databases.<name>.extensions` name some of them."""
    pgbackrest: bool = False
    """Whether a database server's image has pgBackRest: `databases.<name>.backups` need it."""
    http_probe: Literal["curl", "wget", "python"]
    """The program in the image that can make an HTTP GET."""


class ImagesSettings(Settings):
    """Where the platform's images come from."""

    source: Literal["upstream", "sandbox"] = "upstream"
    """`upstream`: the projects' own images. `sandbox`: images built here from Debian and PyPI packages."""
    registry: Registry | None = None
    """A mirror that holds the same repositories and tags; default: the registries that the pins name."""
    registries: dict[RegistryHost, RegistryLogin] = Field(default_factory=dict)
    """Logins by the host that image references begin with, such as `ghcr.io` or `docker.io`. Nodes pull with them."""
    override: dict[str, ImagePin] = Field(default_factory=dict)
    """Own pins by name; they replace those of the source."""

    def pin(self, name: str) -> ImagePin | None:
        """The pin of `name` with its registry put in front, or None when the source has none of that name."""
        pin = self.override.get(name) or pins(self.source).get(name)
        if pin is None:
            return None
        ref = pin.ref
        if self.registry and name not in self.override:
            ref = f"{self.registry}/{_without_registry(ref)}"
        if pin.digest and "@" not in ref:
            ref = f"{ref}@{pin.digest}"
        return pin.model_copy(update={"ref": ref})

    def names(self) -> tuple[str, ...]:
        """Every name that `pin` knows."""
        return tuple(sorted({*self.override, *pins(self.source)}))


def registry_host(ref: str) -> str | None:
    """The host that a reference begins with; None where it leaves that to whoever pulls."""
    first, _, rest = ref.partition("/")
    return first if rest and ("." in first or ":" in first or first == "localhost") else None


def _without_registry(ref: str) -> str:
    host = registry_host(ref)
    return ref.removeprefix(f"{host}/") if host else ref


@cache
def pins(source: str) -> dict[str, ImagePin]:
    """All pins of a source, from `settings/image_pins/<source>.toml`."""
    with (_PINS / f"{source}.toml").open("rb") as file:
        return {name: ImagePin.model_validate(pin) for name, pin in tomllib.load(file).items()}
