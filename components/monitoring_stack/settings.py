"""The settings of the monitoring stack."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from components.monitoring_stack.added_settings import AlertName, BoardSettings, RuleSettings, TargetSettings
from components.observability import AlertRule, Severity
from components.placement import PlacementSettings
from components.sizes import ResourcesSettings
from settings.base import Settings
from settings.types import Hostname, HostPort, HttpUrl, MemoryBytes, Name, PortNumber, Seconds, SecretName, size_text


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


class _WithSecrets(Settings):
    """What has keys that name given secrets."""

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Key and name of every given secret that the receiver needs."""
        for key in type(self).model_fields:
            if key.endswith("_secret") and (name := getattr(self, key)):
                yield key, name


class _Hook(_WithSecrets):
    """An address to which is POSTed."""

    url: HttpUrl | None = None
    """The URL, if it is not a secret."""
    url_secret: SecretName | None = None
    """Or a given secret that holds the URL."""

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_secret is None):
            raise ValueError("give `url` or `url_secret`, one of them")
        return self


class _Receiver(_WithSecrets):
    """Somebody who gets alerts."""

    match: MatchSettings = MatchSettings()
    """Which ones; default: all."""


class DeadManSettings(_Hook):
    """A service outside of the stack that hears as long as alerts work, and tells people when it hears nothing."""

    every: Seconds = Field(default=60, ge=10, le=3600)
    """Time between two pings. The service should wait for `every` and five minutes (or five times `scrape_interval`
    where that is longer) before it tells people."""


class WebhookReceiver(_Hook, _Receiver):
    """Alerts are POSTed as JSON."""

    kind: Literal["webhook"]


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

    @model_validator(mode="after")
    def _logs_in_or_not(self) -> Self:
        if (self.username is None) != (self.password_secret is None):
            raise ValueError("`username` and `password_secret` go together")
        return self


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
    retention_size: MemoryBytes | None = Field(default=None, ge=512 * 2**20)
    """How much the series may take; default: four fifths of `volume`, which is the most. The oldest go first."""
    resources: ResourcesSettings | None = None
    """CPU and memory; default 250m to 2 cores, 512Mi to 2Gi."""

    @model_validator(mode="after")
    def _fits_the_volume(self) -> Self:
        if self.retention_size is not None and self.retention_size > self.most_kept:
            raise ValueError(
                f"`retention_size` is more than four fifths of `volume` ({size_text(self.most_kept)}): the rest is for "
                "what is being compacted and for the log; make `volume` larger"
            )
        return self

    @property
    def most_kept(self) -> int:
        """Bytes of the volume that series may take."""
        return self.volume * 8 // 10


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
    dead_man: DeadManSettings | None = None
    """Who notices from outside when alerts do not work. Default: nobody; the policies of production refuse that."""
    grafana: GrafanaSettings | None = None
    """Dashboards. Default: not deployed."""
    rules: dict[AlertName, RuleSettings] = Field(default_factory=dict, max_length=500)
    """Alerts of your own, by name."""
    boards: dict[Name, BoardSettings] = Field(default_factory=dict, max_length=50)
    """Dashboards of your own, by name. They need `grafana`."""
    targets: dict[Name, TargetSettings] = Field(default_factory=dict, max_length=200)
    """Servers outside of the stack whose metrics Prometheus reads, by name."""
    node_exporter: bool = True
    """Metrics of the hosts."""
