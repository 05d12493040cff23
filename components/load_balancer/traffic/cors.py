"""Cross-origin requests, answered by the proxy alone."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.load_balancer.traffic.words import EACH_ONCE, Origin, Token
from settings.base import Settings
from settings.types import Seconds

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Cors(Settings):
    """The proxy answers preflights itself and replaces the application's CORS headers.

    A preflight from another origin is answered with 403. Other requests from there pass, but the browser may not show
    the answer to the page.
    """

    origins: Annotated[tuple[Origin, ...], EACH_ONCE] = Field(min_length=1, max_length=50)
    """Who may read answers: `https://app.example.com`, or `*` alone for everybody."""
    methods: Annotated[tuple[Method, ...], EACH_ONCE] = Field(default=("GET", "HEAD", "POST"), min_length=1)
    """Methods that a page may use; default: those that browsers allow without asking."""
    headers: Annotated[tuple[Token, ...], EACH_ONCE] = Field(default=("Content-Type",), max_length=50)
    """Request headers that a page may set."""
    credentials: bool = False
    """Whether cookies are sent along; not with `*`, which browsers refuse."""
    max_age: Seconds = Field(default=600, ge=0, le=86_400)
    """How long a browser may remember a preflight; default 10 minutes (browsers cap it at 10 minutes to 24 hours)."""

    @model_validator(mode="after")
    def _star_stands_alone(self) -> "Cors":
        if "*" in self.origins and len(self.origins) > 1:
            raise ValueError("`origins`: `*` covers all others; name either `*` or the origins")
        if "*" in self.origins and self.credentials:
            raise ValueError("`credentials` cannot be used with `origins: ['*']`; name the origins")
        return self
