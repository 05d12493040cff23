"""An alert that always fires: whoever hears of it knows that Prometheus judges, and that Alertmanager delivers."""

from components.observability import AlertRule, Observability

WATCHDOG = "Watchdog"


def watchdog() -> Observability:
    """For the dead-man alone: no receiver gets it."""
    rule = AlertRule(
        name=WATCHDOG,
        expr="vector(1)",
        for_seconds=0,
        severity="info",
        summary="alerts work; this one always fires, for the service that notices when it stops",
        runbook="docs/runbooks/watchdog.md",
    )
    return Observability(rules=(rule,))
