"""Keeping a client on one replica."""

from typing import Literal

from components.load_balancer.traffic.words import LongTime, Token
from settings.base import Settings


class Sticky(Settings):
    """A cookie of the proxy names the replica; all proxy replicas understand it.

    When the replica is gone the client moves to another one and gets a new cookie.
    """

    cookie: Token = "SERVER"
    """The cookie's name; default `SERVER`."""
    same_site: Literal["lax", "strict", "none"] = "lax"
    """Whether pages of other sites send the cookie: `lax` (default) only in links, `strict` never, `none` always, which
    browsers allow only over HTTPS."""
    ttl: LongTime = 3_600
    """The cookie expires after this pause between two requests; default 1 h."""
