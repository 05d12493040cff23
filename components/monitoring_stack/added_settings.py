"""What a stack file adds to monitoring by itself: rules, boards and targets."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from components.observability import Severity
from settings.base import Settings
from settings.promql import promql
from settings.types import DnsName, Name, PortNumber, Seconds, SecretName

Promql = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(promql)]
"""An expression of Prometheus' language."""

AlertName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
"""The name of an alert, as a label's value without quotes."""

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=300)]
"""One line of text."""


class RuleSettings(Settings):
    """An alert of one's own."""

    expr: Promql
    """It fires while this returns something."""
    holds: Seconds = Field(default=60, ge=0, le=7 * 24 * 3600)
    """How long it must have done so."""
    severity: Severity = "warning"
    """`critical`, `warning`, `info`: who gets it, by the receivers' `match`."""
    component: Name = "monitoring"
    """What it is about: a component's name in the stack file, or `monitoring`."""
    summary: Line
    """One sentence for who reads it; Prometheus' templates are filled (`{{ $value }}`, `{{ $labels.job }}`)."""
    runbook: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=500)]
    """What to do: a URL, or a path of your repository."""


class PanelSettings(Settings):
    """One graph."""

    title: Line
    """What it shows."""
    expr: Promql
    """The series."""
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:/%. _-]+$", max_length=40)] = "short"
    """Grafana's name of the unit: `short`, `s`, `bytes`, `percentunit`, `reqps`, `currencyUSD`."""


class BoardSettings(Settings):
    """A dashboard of one's own."""

    title: Line
    """Its name in Grafana."""
    panels: tuple[PanelSettings, ...] = Field(min_length=1, max_length=100)
    """Graphs, two in a row."""


class TargetTlsSettings(Settings):
    """HTTPS, and how the target is verified."""

    ca_secret: SecretName | None = None
    """A given secret that holds the certificate of its authority. Default: the authorities that the image knows."""
    server_name: DnsName | None = None
    """The name in its certificate; default: `host`."""


class TargetSettings(Settings):
    """A server with Prometheus metrics that the stack does not run."""

    host: DnsName
    """Its name, or an IPv4 address."""
    port: PortNumber
    """Its port."""
    path: str = Field(default="/metrics", pattern=r"^/[A-Za-z0-9._~/:@,+-]*$")
    """Path of the metrics."""
    tls: TargetTlsSettings | None = None
    """Default: plain HTTP."""
    username: Annotated[str, StringConstraints(pattern=r"^[\x21-\x39\x3b-\x7e]+$", max_length=128)] | None = None
    """With `password_secret`: basic authentication."""
    password_secret: SecretName | None = None
    """A given secret that holds the password."""
    token_secret: SecretName | None = None
    """Or a given secret that holds a bearer token."""
    networks: tuple[IPv4Network, ...] = Field(default=(), max_length=20)
    """Kubernetes: address ranges in which it is, for network policies. Default: the address that `host` is, or any
    address at this port."""

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> "TargetSettings":
        if (self.username is None) != (self.password_secret is None):
            raise ValueError("`username` and `password_secret` go together")
        if self.username is not None and self.token_secret is not None:
            raise ValueError("give `username` or `token_secret`, one of them")
        if self.tls is None and (self.password_secret or self.token_secret):
            raise ValueError("a password or token is sent by TLS alone: add `tls: {}`")
        return self
