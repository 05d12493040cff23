"""Texts that end up in a proxy's configuration: each has a strict alphabet, so that none can change its meaning."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from settings.references import http_url
from settings.types import DnsName, Milliseconds, Network, Seconds

PathPrefix = Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?$", max_length=200)]
"""`/` or `/api/v1`, without a slash at the end. Matches whole segments: `/api` is not a prefix of `/apiary`."""


def _closed(path: str) -> str:
    if path == "/":
        raise ValueError("closes everything; leave the route out")
    if {".", ".."} & set(path.split("/")):
        raise ValueError("is not written in full, without `.` and `..`")
    return path


ClosedPath = Annotated[PathPrefix, AfterValidator(_closed)]
"""A path that is closed, with all below it."""

HostName = DnsName
"""A host name in lower case, without a port."""

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""The name of a header or cookie."""


def _origin(text: str) -> str:
    if text == "*":
        return text
    scheme, _, rest = http_url(text).partition("://")
    port = rest.partition(":")[2]
    if (scheme, port) in (("http", "80"), ("https", "443")):
        raise ValueError(f"browsers leave the usual port out: write `{text.removesuffix(f':{port}')}`")
    return text


Origin = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$", max_length=300),
    AfterValidator(_origin),
]
"""`https://app.example.com[:port]` as browsers send it (no path), or `*`."""


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


EACH_ONCE = AfterValidator(_once)
"""Of a list whose order and number mean nothing: what is named twice is there once. nginx refuses a second."""

Networks = Annotated[tuple[Network, ...], EACH_ONCE]
"""Address ranges."""

ShortTime = Annotated[Milliseconds, Field(ge=50, le=60_000)]
"""50 ms to 60 s, in milliseconds."""

LongTime = Annotated[Seconds, Field(ge=1, le=86_400)]
"""1 s to 24 h, in seconds."""


def _reserved(value: object) -> Any:
    if value is not None:
        raise ValueError("is reserved: it is not built yet and cannot be set")
    return None


Reserved = Annotated[None, BeforeValidator(_reserved), WithJsonSchema({"type": "null"})]
"""A word whose meaning is fixed and whose function is not built."""
