"""What HAProxy's own metrics tell."""

from components.observability import AlertRule, Panel


def answers(name: str, series: str) -> Panel:
    """Answers of the public frontend."""
    return Panel(
        title=f"{name}: answers by status class",
        expr=f'sum by (code) (rate(haproxy_frontend_http_responses_total{{{series},proxy="public"}}[2m]))',
        unit="reqps",
    )


def no_replica(label: str, series: str) -> AlertRule:
    """30 s: longer than a replica's restart, and requests fail all the while."""
    return AlertRule(
        name=f"{label}RouteWithoutReplica",
        expr=f'max by (proxy) (haproxy_backend_active_servers{{{series},proxy!~"no_route|ejecting_.*"}}) == 0',
        for_seconds=30,
        severity="critical",
        runbook="docs/runbooks/route-without-replica.md",
        summary=f"{label}: the route {{{{ $labels.proxy }}}} has no replica that passes its checks",
    )
