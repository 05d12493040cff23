"""The settings of an application's health checks."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from settings.base import Settings
from settings.references import host_with_or_without_port
from settings.types import Command, PortName, RequestPath, Seconds

HostHeader = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$"),
    AfterValidator(host_with_or_without_port),
]
"""A Host header: a name or an address, with or without a port."""


class LivenessSettings(Settings):
    """When a replica is restarted. By default this takes longer than taking it out of service: a restart helps a
    process that hangs, but not against load or a broker that is down."""

    command: Command | None = None
    """For tiers without a port: a command that fails only when a restart would help; default: `probes.command`."""
    interval: Seconds | None = Field(default=None, ge=1, le=600)
    """Time between two checks; default 10s, for commands 30s, or `probes.interval` where that is longer."""
    timeout: Seconds | None = Field(default=None, ge=1, le=60)
    """Longest time of one check; default: `probes.timeout`."""
    failures: int | None = Field(default=None, ge=1, le=100, strict=True)
    """Failed checks in a row before the replica is restarted; default 6, and 20 (ten minutes) where `probes.command` is
    used."""


class ProbesSettings(Settings):
    """How a replica shows that it works and that it may receive work."""

    health: RequestPath = "/health"
    """Path that answers 200 while the process works. A replica that fails it (see `live`) is restarted, and balancers
    stop sending to it (unless the route has a `check.path`)."""
    ready: RequestPath | None = None
    """Path that answers 200 when the replica may receive work; default: `health`."""
    port: PortName | None = None
    """The name of the port in `ports` that is asked; default: the tier's `port`."""
    host: HostHeader | None = None
    """The Host header of every check, for applications that answer only to their own names (`ALLOWED_HOSTS`). Default:
    the address that is checked; balancers send the route's host or the app's name."""
    command: Command | None = None
    """For tiers without a port: a command that exits with 0 while the worker works."""
    tcp: PortName | None = None
    """The name of the port in `ports` that only has to take connections, for applications that do not speak HTTP."""
    interval: Seconds = Field(default=5, ge=1, le=300)
    """Time between two checks whether it may receive work."""
    timeout: Seconds = Field(default=3, ge=1, le=60)
    """Longest time of one check."""
    failures: int = Field(default=3, ge=1, le=20, strict=True)
    """Failed checks in a row before the replica gets no more work."""
    live: LivenessSettings = LivenessSettings()
    """When it is restarted."""
    start: Seconds = Field(default=60, ge=1, le=1800)
    """Longest time a start may take; then it is restarted."""

    @model_validator(mode="after")
    def _timeout_fits(self) -> "ProbesSettings":
        if self.timeout > self.interval:
            raise ValueError("`timeout` must not exceed `interval`: checks would overlap")
        if self.live_timeout > self.live_interval:
            raise ValueError("`live.timeout` must not exceed `live.interval`: checks would overlap")
        return self

    @property
    def live_interval(self) -> int:
        """Seconds between two checks whether it lives."""
        return self.live.interval or max(self.interval, 10 if self.command is None else 30)

    @property
    def live_timeout(self) -> int:
        """Longest seconds of such a check."""
        return self.live.timeout or self.timeout

    @property
    def live_failures(self) -> int:
        """Failures in a row that restart it."""
        borrowed = self.command is not None and self.live.command is None
        return self.live.failures or (20 if borrowed else 6)
