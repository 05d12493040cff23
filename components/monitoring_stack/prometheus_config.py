"""Prometheus' configuration and rules as text, from what the components declare."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from components.monitoring_stack.added import OwnTarget
from components.monitoring_stack.settings import MonitoringSettings
from components.observability import AlertRule, ScrapeTarget
from components.templates import render

_FILES = Path(__file__).parent / "files"


def ca_file(target: ScrapeTarget) -> str:
    """Where Prometheus has the certificate by which it verifies a target."""
    return f"/etc/ha-prometheus/verified/{target.job}.pem"


def prometheus_yml(
    settings: MonitoringSettings,
    *,
    stack: str,
    alertmanager_host: str,
    targets: Iterable[ScrapeTarget],
    certificates: bool = False,
    own: Iterable[OwnTarget] = (),
) -> str:
    """Targets are found by DNS: every address that a name resolves to is scraped. `certificates`: there are rules for
    them, too. `own` are the targets of the stack file, which are asked as they are called."""
    return render(
        _FILES,
        "prometheus.yml.j2",
        interval=settings.prometheus.scrape_interval,
        stack=stack,
        alertmanager_host=alertmanager_host,
        targets=list(targets),
        certificates=certificates,
        ca_file=ca_file,
        own=list(own),
    )


def rules_yml(rules: Iterable[AlertRule]) -> str:
    """One group that holds every rule."""
    group = {
        "name": "components",
        "rules": [
            {
                "alert": rule.name,
                "expr": rule.expr,
                "for": f"{rule.for_seconds}s",
                "labels": {"severity": rule.severity} | ({"component": rule.component} if rule.component else {}),
                "annotations": {"summary": rule.summary} | ({"runbook": rule.runbook} if rule.runbook else {}),
            }
            for rule in rules
        ],
    }
    return yaml.safe_dump({"groups": [group]}, sort_keys=False, width=1000)
