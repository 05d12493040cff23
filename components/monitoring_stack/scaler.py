"""The scaler, where the platform has none of its own: what it is run with, and what it tells."""

from collections.abc import Iterator

from components.observability import AlertRule, Observability, Panel, ScrapeTarget, down_rule, part_rule, runbook
from components.scope import Scope
from model import Image
from model.scaling import SCALER_JOB, SCALER_PORT

BLIND_SECONDS = 300
AT_MOST_SECONDS = 900
"""A peak passes; more than that is what somebody has to size."""


def scaler(scope: Scope, *, image: Image, prometheus: str, scrape_seconds: int) -> Observability:
    """Nothing where nothing scales, or the platform does it by itself. `prometheus` is a URL."""
    endpoint = scope.platform.scaler(
        scope.origin, image=image, prometheus=prometheus, scrape_seconds=scrape_seconds, parent=scope.parent
    )
    if endpoint is None:
        return Observability()
    target = ScrapeTarget(job=SCALER_JOB, replicas_host=endpoint.replicas_host, port=SCALER_PORT)
    one = f'{{job="{SCALER_JOB}"}}'
    return Observability(
        targets=(target,),
        rules=(
            down_rule("Scaler", target, for_seconds=300, severity="warning", runbook=runbook("Scaler", "Down")),
            *rules(one),
        ),
        panels=(
            Panel(title="replicas by the scaler", expr=f"max by (app) (ha_scaler_replicas{one})"),
            Panel(title="replicas that the load needs", expr=f"max by (app) (ha_scaler_need{one})"),
            Panel(
                title="CPU of containers",
                expr=f"sum by (service) (rate(ha_container_cpu_seconds_total{one}[2m]))",
            ),
            Panel(
                title="memory of containers", expr=f"sum by (service) (ha_container_memory_bytes{one})", unit="bytes"
            ),
        ),
    )


def rules(one: str) -> Iterator[AlertRule]:
    """None wakes anybody: what runs goes on as it is, and what clients notice has alerts of its own."""
    yield part_rule(
        "Scaler",
        "Blind",
        f"max by (app, metric) (ha_scaler_blind{one}) > 0",
        BLIND_SECONDS,
        "warning",
        "the scaler has no fresh figures of {{ $labels.metric }} for {{ $labels.app }}: it does not shrink, and only "
        "other metrics make it grow",
    )
    yield part_rule(
        "Scaler",
        "Stuck",
        f"max by (app) (ha_scaler_stuck{one}) > 0",
        BLIND_SECONDS,
        "warning",
        "the scaler cannot see or set the count of {{ $labels.app }}: its log says why",
    )
    yield part_rule(
        "Scaler",
        "AtMost",
        f"(max by (app) (ha_scaler_need{one}) > max by (app) (ha_scaler_most{one})) "
        f"and (max by (app) (ha_scaler_replicas{one}) >= max by (app) (ha_scaler_most{one}))",
        AT_MOST_SECONDS,
        "warning",
        "{{ $labels.app }} needs {{ $value }} replicas, more than `scaling.max` allows",
    )
    yield part_rule(
        "Scaler",
        "Held",
        f"max by (app) (ha_scaler_held{one}) > 0",
        1800,
        "warning",
        "{{ $labels.app }} needs another count, and an update of it has not ended for half an hour",
    )
