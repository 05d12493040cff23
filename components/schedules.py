"""What work by the clock gives to monitoring, whichever component it is of."""

from components.observability import (
    AlertRule,
    Observability,
    Panel,
    ScrapeTarget,
    Severity,
    alert,
    down_rule,
    runbook,
)
from model import Endpoint
from model.schedule import METRICS_PORT


def schedule_observability(name: str, clock: Endpoint, *, severity: Severity = "warning") -> Observability:
    """Of the schedule of this name."""
    target = ScrapeTarget(job=f"schedule-{name}", replicas_host=clock.replicas_host, port=METRICS_PORT)
    return Observability(
        targets=(target,),
        rules=schedule_rules(name, target, severity),
        panels=(
            Panel(title=f"{name}: last run", expr=f'ha_schedule_last_duration_seconds{{job="{target.job}"}}', unit="s"),
        ),
    )


def schedule_rules(name: str, target: ScrapeTarget, severity: Severity = "warning") -> tuple[AlertRule, ...]:
    """By default none wakes anybody: work by the clock is work that has waited before."""
    one = f'{{job="{target.job}"}}'
    down = down_rule(
        f"Schedule_{name.replace('-', '_')}",
        target,
        for_seconds=300,
        severity=severity,
        runbook=runbook("Schedule", "Down"),
    )
    return (
        alert(
            "Schedule",
            name,
            "Failed",
            f"max(ha_schedule_failed{one}) > 0",
            0,
            severity,
            "the last run failed: its lines in the log say why",
            silences=("Missed",),
        ),
        alert(
            "Schedule",
            name,
            "OverDeadline",
            f"max(ha_schedule_over_deadline{one}) > 0",
            0,
            severity,
            "the last run was ended at its deadline",
            silences=("Missed",),
        ),
        alert(
            "Schedule",
            name,
            "Missed",
            f"max(ha_schedule_overdue_seconds{one}) > 0",
            60,
            severity,
            "no run has succeeded since one was due {{ $value | humanizeDuration }} ago",
        ),
        down,
    )
