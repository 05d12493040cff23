"""What a stack file adds to monitoring, as Prometheus and Grafana read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.external import reached
from components.monitoring_stack.added_settings import TargetSettings
from components.monitoring_stack.settings import MonitoringSettings
from components.observability import AlertRule, Observability, Panel
from model import File, Outside, SecretRef


@dataclass(frozen=True, kw_only=True)
class OwnTarget:
    """A target of the stack file: its scrape job, and where Prometheus has the secrets that it needs."""

    job: str
    settings: TargetSettings

    @property
    def directory(self) -> str:
        """Of its secrets."""
        return f"/etc/ha-prometheus/targets/{self.job}"

    @property
    def outside(self) -> Outside:
        """What Prometheus must be allowed to connect to."""
        return reached(self.settings.host, self.settings.port, self.settings.networks)

    def files(self, given: Mapping[str, SecretRef]) -> Iterator[File]:
        """Its secrets, by the names of the keys that name them."""
        for key, name in secrets(self.settings):
            yield File(path=f"{self.directory}/{key.rpartition('.')[2]}", source=given[name])


def own_targets(settings: MonitoringSettings) -> tuple[OwnTarget, ...]:
    """In the order of the stack file."""
    return tuple(OwnTarget(job=f"target-{name}", settings=one) for name, one in settings.targets.items())


def secrets(target: TargetSettings) -> Iterator[tuple[str, str]]:
    """Key and name of each given secret."""
    named = {
        "password_secret": target.password_secret,
        "token_secret": target.token_secret,
        "tls.ca_secret": target.tls.ca_secret if target.tls else None,
    }
    yield from ((key, name) for key, name in named.items() if name)


def own_rules(settings: MonitoringSettings) -> tuple[AlertRule, ...]:
    """The alerts of the stack file."""
    return tuple(
        AlertRule(
            name=name,
            expr=rule.expr,
            for_seconds=rule.holds,
            severity=rule.severity,
            summary=rule.summary,
            runbook=rule.runbook,
            component=rule.component,
        )
        for name, rule in settings.rules.items()
    )


def added(settings: MonitoringSettings) -> Observability:
    """The rules of the stack file, and one on each of its targets."""
    lost = (_lost(one) for one in own_targets(settings))
    return Observability(rules=(*own_rules(settings), *lost))


def own_boards(settings: MonitoringSettings) -> dict[str, tuple[str, list[Panel]]]:
    """Name -> title and panels."""
    return {
        name: (board.title, [Panel(title=one.title, expr=one.expr, unit=one.unit) for one in board.panels])
        for name, board in settings.boards.items()
    }


def _lost(target: OwnTarget) -> AlertRule:
    name = target.job.removeprefix("target-").replace("-", "_")
    return AlertRule(
        name=f"Target_{name}Down",
        expr=f'(sum(up{{job="{target.job}"}}) or vector(0)) < 1',
        for_seconds=120,
        severity="warning",
        summary=f"{target.settings.host}:{target.settings.port} gives Prometheus no metrics",
        runbook="docs/runbooks/target-down.md",
    )
