"""The settings of the monitoring stack."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from components.observability import AlertRule, Severity
from components.placement import PlacementSettings
from components.sizes import ResourcesSettings
from settings.base import Settings
from settings.types import Hostname, HostPort, HttpUrl, MemoryBytes, Name, PortNumber, Seconds, SecretName


class MatchSettings(Settings):
    """Which alerts a receiver gets: those that all keys fit."""

    severities: tuple[Severity, ...] | None = Field(default=None, min_length=1)
    """`critical`, `warning`, `info`; default: every one."""
    components: tuple[Name, ...] | None = Field(default=None, min_length=1)
    """What they are about, by its name in the stack file; `monitoring` is monitoring itself. Default: every one."""

    def fits(self, rule: AlertRule) -> bool:
        """Whether alerts of the rule fit."""
        return (self.severities is None or rule.severity in self.severities) and (
            self.components is None or rule.component in self.components
        )


class _Receiver(Settings):
    """Somebody who gets alerts."""

    match: MatchSettings = MatchSettings()
    """Which ones; default: all."""

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Key and name of every given secret that the receiver needs."""
        for key in type(self).model_fields:
            if key.endswith("_secret") and (name := getattr(self, key)):
                yield key, name


class WebhookReceiver(_Receiver):
    """Alerts are POSTed as JSON."""

    kind: Literal["webhook"]
    url: HttpUrl | None = None
    """The URL, if it is not a secret."""
    url_secret: SecretName | None = None
    """Or a given secret that holds the URL."""

    @model_validator(mode="after")
    def _one_url(self) -> "WebhookReceiver":
        if (self.url is None) == (self.url_secret is None):
            raise ValueError("give `url` or `url_secret`, one of them")
        return self


class SlackReceiver(_Receiver):
    """Alerts go to a Slack channel."""

    kind: Literal["slack"]
    url_secret: SecretName
    """A given secret that holds the incoming webhook's URL."""
    channel: Annotated[str, StringConstraints(pattern=r"^[#@][\w.-]+$")]
    """`#channel` or `@person`."""


class PagerDutyReceiver(_Receiver):
    """Alerts page somebody."""

    kind: Literal["pagerduty"]
    routing_key_secret: SecretName
    """A given secret that holds the integration's routing key."""


class EmailReceiver(_Receiver):
    """Alerts are mailed."""

    kind: Literal["email"]
    to: Annotated[str, StringConstraints(pattern=r"^[^\s@,]+@[^\s@,]+$")]
    """The reader."""
    sender: Annotated[str, StringConstraints(pattern=r"^[^\s@,]+@[^\s@,]+$")]
    """The From address."""
    smarthost: HostPort
    """`host:port` of the mail server; STARTTLS is required."""
    username: str | None = None
    """User of the mail server."""
    password_secret: SecretName | None = None
    """A given secret that holds its password."""


Receiver = Annotated[WebhookReceiver | SlackReceiver | PagerDutyReceiver | EmailReceiver, Field(discriminator="kind")]


class GrafanaSettings(Settings):
    """Dashboards."""

    port: PortNumber = 3001
    """Published port, for operators."""
    host: Hostname | None = None
    """Swarm: the host of its volume; default: the first of `platform.nodes`."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A changed `host` is refused unless this names the old one."""


class PrometheusSettings(Settings):
    """The time series database."""

    port: PortNumber = 9090
    """Published port, for operators."""
    host: Hostname | None = None
    """Swarm: the host of its volume; default: the first of `platform.nodes`."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A changed `host` is refused unless this names the old one."""
    scrape_interval: Seconds = Field(default=30, ge=5, le=300)
    """Time between two scrapes of a target, and between two evaluations of the rules."""
    retention: Seconds = Field(default=15 * 24 * 3600, ge=3600, le=10 * 365 * 24 * 3600)
    """How long series are kept; the oldest go earlier when they fill four fifths of the volume."""
    volume: MemoryBytes = Field(default=20 * 2**30, ge=2**30)
    """Size of its volume; 1Gi at least: a head block and its log take several hundred MiB."""
    resources: ResourcesSettings | None = None
    """CPU and memory; default 250m to 2 cores, 512Mi to 2Gi."""


class AlertmanagerSettings(Settings):
    """Where alerts go."""

    port: PortNumber = 9093
    """Published port, for operators."""
    host: Hostname | None = None
    """Swarm: the host of its volume; default: the first of `platform.nodes`."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm: hosts whose data may be lost. A changed `host` is refused unless this names the old one."""
    receivers: tuple[Receiver, ...] = Field(min_length=1)
    """Who gets alerts; at least one."""
    unheard: tuple[Name, ...] = ()
    """Components whose critical alerts nobody needs to get. Any other's must reach a receiver."""
    group_wait: Seconds = Field(default=30, ge=1, le=600)
    """How long the first alert of a group waits for others."""
    repeat_interval: Seconds = Field(default=4 * 3600, ge=60, le=365 * 24 * 3600)
    """How often an alert that is still firing is sent again."""


class MonitoringSettings(Settings):
    """Prometheus, Alertmanager, a node exporter on every host, and Grafana where its image can be had."""

    prometheus: PrometheusSettings = PrometheusSettings()
    """Metrics."""
    alertmanager: AlertmanagerSettings
    """Alerts."""
    grafana: GrafanaSettings | None = None
    """Dashboards. Default: not deployed."""
    node_exporter: bool = True
    """Metrics of the hosts."""
