"""MonitoringStack: Prometheus, Alertmanager, node exporters and Grafana, for what the stack's components declare."""

from collections.abc import Iterable, Mapping

import pulumi

from components.component import Component
from components.monitoring_stack.added import added, own_boards, own_targets
from components.monitoring_stack.alertmanager import alertmanager
from components.monitoring_stack.alertmanager_config import Secrets
from components.monitoring_stack.certificates import certificates
from components.monitoring_stack.grafana import grafana
from components.monitoring_stack.images import MonitoringImages
from components.monitoring_stack.node_exporter import node_exporter
from components.monitoring_stack.own_alerts import own_rules
from components.monitoring_stack.prometheus import PORT, prometheus
from components.monitoring_stack.scaler import scaler
from components.monitoring_stack.settings import MonitoringSettings
from components.monitoring_stack.targets import missing_targets
from components.monitoring_stack.unheard import refuse_unheard
from components.monitoring_stack.watchdog import watchdog
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.scope import Scope
from model import Origin, SecretRef
from platforms.base import Platform


class MonitoringStack(Component):
    """Scrapes, rules and dashboards come from `declared` alone: what is not in the stack is not monitored.

    `secrets` are the given secrets by name, for the receivers, `given` as containers mount them; `origin` is where the
    settings stand.
    """

    def __init__(
        self,
        name: str,
        settings: MonitoringSettings,
        *,
        platform: Platform,
        images: MonitoringImages,
        declared: Iterable[Observability],
        secrets: Secrets,
        given: Mapping[str, SecretRef] | None = None,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:monitoring:MonitoringStack", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="monitoring"), parent=self.place)
        own = [_own(platform, settings)]
        if settings.node_exporter:
            own.append(node_exporter(scope.at("node_exporter"), image=images.node_exporter))
        ends = dict(platform.certificate_ends)
        if ends:
            own.append(certificates())
        own.append(
            scaler(
                scope.at("scaler"),
                image=images.python,
                prometheus=f"http://{platform.host('prometheus')}:{PORT}",
                scrape_seconds=settings.prometheus.scrape_interval,
            )
        )
        if settings.dead_man:
            own.append(watchdog())
        own.append(added(settings))
        for target in own_targets(settings):
            platform.claim("scrape job", target.job, scope.origin.part)
        others = tuple(declared)
        own.append(missing_targets((*others, *own)))
        everything = (*others, scope.observed(*own))
        rules = [rule for part in everything for rule in part.rules]
        refuse_unheard(scope, settings.alertmanager, rules)
        alerts = alertmanager(
            scope.at("alertmanager"), settings, image=images.alertmanager, secrets=secrets, rules=rules
        )
        metrics = prometheus(
            scope.at("prometheus"),
            settings,
            image=images.prometheus,
            alertmanager_host=alerts.replicas_host,
            declared=everything,
            certificate_ends=ends,
            given=given or {},
        )
        if settings.grafana and images.grafana:
            grafana(
                scope.at("grafana"),
                settings.grafana,
                image=images.grafana,
                prometheus_host=metrics.host,
                panels=[panel for part in everything for panel in part.panels],
                boards=own_boards(settings),
            )
        self.register_outputs({"prometheus": metrics.host, "alertmanager": alerts.host})


def _own(platform: Platform, settings: MonitoringSettings) -> Observability:
    """Prometheus and Alertmanager watch themselves."""
    targets = (
        ScrapeTarget(job="prometheus", replicas_host=platform.replicas_host("prometheus"), port=9090),
        ScrapeTarget(job="alertmanager", replicas_host=platform.replicas_host("alertmanager"), port=9093),
    )
    minutes = max(60, settings.prometheus.scrape_interval * 2)
    return Observability(
        targets=targets,
        rules=(
            down_rule("Alertmanager", targets[1], for_seconds=minutes, runbook="docs/runbooks/alertmanager-down.md"),
            *own_rules("prometheus", "alertmanager"),
        ),
        panels=(Panel(title="Targets up", expr="sum by (job) (up)"),),
    )
