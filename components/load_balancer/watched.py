"""What a load balancer declares to monitoring."""

from components.load_balancer.contract import Entry
from components.observability import AlertRule, Observability, Panel, ScrapeTarget, down_rule


def observability(name: str, entry: Entry, *, replicas_host: str, port: int, replicas: int) -> Observability:
    """`port` is the status port inside the containers: scrapes do not leave the platform."""
    target = ScrapeTarget(
        job=f"balancer-{name}", replicas_host=replicas_host, port=port, path=entry.metrics_path, expected=replicas
    )
    own = f'job="{target.job}"'
    label = f"Balancer_{name.replace('-', '_')}"
    return Observability(
        targets=(target,),
        rules=(down_rule(label, target, runbook="docs/runbooks/balancer-down.md"), _no_replica(label, own)),
        panels=(
            Panel(
                title=f"{name}: answers by status class",
                expr=f'sum by (code) (rate(haproxy_frontend_http_responses_total{{{own},proxy="public"}}[2m]))',
                unit="reqps",
            ),
        ),
    )


def _no_replica(label: str, own: str) -> AlertRule:
    """30 s: longer than a replica's restart, and requests fail all the while."""
    return AlertRule(
        name=f"{label}RouteWithoutReplica",
        expr=f'max by (proxy) (haproxy_backend_active_servers{{{own},proxy!="no-route"}}) == 0',
        for_seconds=30,
        severity="critical",
        runbook="docs/runbooks/route-without-replica.md",
        summary=f"{label}: the route {{{{ $labels.proxy }}}} has no replica that passes its checks",
    )
