"""Headers that a route changes on their way to the application and back."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from components.load_balancer.traffic.words import EACH_ONCE, Token
from settings.base import Settings
from settings.plain_secrets import is_secret

MOST_BYTES = 4 * 1024
"""Of the headers that a route sets and adds in one direction. A head over HTTP/2 is one frame of 16 KiB, and the
application's own headers are in it too."""

HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$", max_length=2_000)]
"""Printable ASCII, as it is: nothing in it is expanded."""

_OF_ONE_CONNECTION = frozenset(
    (
        "connection",
        "content-length",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Hop-by-hop (RFC 9110, 7.6.1): each connection has its own."""


def one_spelling(name: str) -> str:
    """Servers that make variables of headers take `_` for `-`."""
    return name.lower().replace("_", "-")


class HeaderChanges(Settings):
    """`remove` comes first, then `set`, then `add`. Each header is named once."""

    set: dict[Token, HeaderValue] = Field(default_factory=dict, max_length=32)
    """Header -> value, in place of every value that it had."""
    add: dict[Token, HeaderValue] = Field(default_factory=dict, max_length=32)
    """Header -> value, beside those that it had."""
    remove: Annotated[tuple[Token, ...], EACH_ONCE] = Field(default=(), max_length=32)
    """Headers that are taken away."""

    _OWNED: ClassVar[frozenset[str]] = frozenset()
    _OWNED_REASON: ClassVar[str] = ""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        problems = [*self._problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        for name, times in Counter(map(one_spelling, self.names)).items():
            if times > 1:
                yield f"`{name}` is named {times} times; a header is set, added or removed, and has one spelling"
        for name in self.names:
            if one_spelling(name) in _OF_ONE_CONNECTION:
                yield f"`{name}` belongs to one connection, and the balancer writes it for each of its own; drop it"
            if one_spelling(name) in self._OWNED:
                yield f"`{name}` {self._OWNED_REASON}"
        for name, value in (*self.set.items(), *self.add.items()):
            if one_spelling(name) == "authorization" or is_secret(name, value):
                yield f"`{name}` looks like a secret, and a balancer's configuration can be read; let the app send it"
        if self.added_bytes() > MOST_BYTES:
            yield f"the headers of one direction may have {MOST_BYTES} bytes, and these have {self.added_bytes()}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every header that is changed."""
        return (*self.set, *self.add, *self.remove)

    def added_bytes(self) -> int:
        """At most, as lines of a head."""
        return sum(len(f"{name}: {value}\r\n") for name, value in (*self.set.items(), *self.add.items()))


class RequestHeaders(HeaderChanges):
    """Of requests, before the application gets them."""

    _OWNED = frozenset(("forwarded", "host", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"))
    _OWNED_REASON = "tells the application how it was reached, which the balancer itself does; leave it out"


class ResponseHeaders(HeaderChanges):
    """Of answers, before the client gets them; `set` and `add` also of the balancer's own answers on this route."""


class Headers(Settings):
    """Changed headers, by direction."""

    request: RequestHeaders = RequestHeaders()
    """Of requests."""
    response: ResponseHeaders = ResponseHeaders()
    """Of answers."""

    def named(self, *names: str) -> list[str]:
        """Those of `names` (in lower case; `x-*` for all that begin so) that are changed in any direction."""
        changed = (*self.request.names, *self.response.names)
        return [
            name
            for name in changed
            for wanted in names
            if one_spelling(name) == wanted or (wanted.endswith("*") and one_spelling(name).startswith(wanted[:-1]))
        ]
