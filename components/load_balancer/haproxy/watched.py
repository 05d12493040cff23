"""What HAProxy's own metrics tell."""

from collections.abc import Iterator

from components.observability import AlertRule, Panel, Severity, runbook

OBJECTIVE = 0.999
"""Of the answers that are no 5xx: in 30 days 43 minutes of nothing but errors use up the rest, the budget."""
LEAST_ERRORS = 10
"""Fewer say nothing of a rate, at night for example."""
FAST, SLOW = ((14.4, "1h", "5m"), (6.0, "6h", "30m")), ((3.0, "1d", "2h"), (1.0, "3d", "6h"))
"""How many times faster than allowed, in a long window and in a short one: the long one is sure, the short one ends the
alert soon after the fault. Of Google's SRE Workbook, chapter 5: 2 % of the budget in an hour, 5 % in six hours; 10 % in
a day, and in three."""
ROUTE_ERRORS = 0.05
_FRONTEND, _BACKEND = "haproxy_frontend_http_responses_total", "haproxy_backend_http_responses_total"
_NO_ROUTES = 'proxy!~"no_route|ejecting_.*"'


def panels(name: str, series: str) -> Iterator[Panel]:
    """Answers of the public frontend, and what they leave of the objective."""
    yield Panel(
        title=f"{name}: answers by status class",
        expr=f'sum by (code) (rate({_FRONTEND}{{{series},proxy="public"}}[2m]))',
        unit="reqps",
    )
    yield Panel(title=f"{name}: answers that are errors", expr=_failed(series, "5m"), unit="percentunit")


def rules(label: str, series: str) -> Iterator[AlertRule]:
    """Of routes, and of the entry."""
    yield _no_replica(label, series)
    yield AlertRule(
        name=f"{label}ReplicaFails",
        expr=f'max by (proxy) (haproxy_backend_agg_server_status{{{series},state="DOWN",{_NO_ROUTES}}}) > 0',
        for_seconds=600,
        severity="warning",
        runbook=runbook("Balancer", "ReplicaFails"),
        summary=f"{label}: {{{{ $value }}}} replicas of the route {{{{ $labels.proxy }}}} have failed their checks for "
        "ten minutes",
    )
    yield _route_errors(label, series)
    yield _burns(label, series, "ErrorBudgetBurnsFast", FAST, 120, "critical", ("ErrorBudgetBurns",))
    yield _burns(label, series, "ErrorBudgetBurns", SLOW, 900, "warning", ())


def requests(series: str, app: str) -> str:
    """The counters of all backends that lead to an application: of each route and shift, with the ejected replicas or
    without."""
    return f'haproxy_backend_http_requests_total{{{series},proxy=~"(ejecting_)?(shift_)?{app}([.:].*)?"}}'


def _no_replica(label: str, series: str) -> AlertRule:
    """30 s: longer than a replica's restart, and requests fail all the while."""
    return AlertRule(
        name=f"{label}RouteWithoutReplica",
        expr=f"max by (proxy) (haproxy_backend_active_servers{{{series},{_NO_ROUTES}}}) == 0",
        for_seconds=30,
        severity="critical",
        runbook="docs/runbooks/route-without-replica.md",
        summary=f"{label}: the route {{{{ $labels.proxy }}}} has no replica that passes its checks",
    )


def _route_errors(label: str, series: str) -> AlertRule:
    """By route: the errors of a small one do not show among all answers."""
    failed = f'{_BACKEND}{{{series},code="5xx",proxy!="no_route"}}'
    every = f'{_BACKEND}{{{series},proxy!="no_route"}}'
    return AlertRule(
        name=f"{label}RouteErrors",
        expr=f"(sum by (proxy) (rate({failed}[5m])) / sum by (proxy) (rate({every}[5m])) > {ROUTE_ERRORS}) "
        f"and (sum by (proxy) (increase({failed}[5m])) >= {LEAST_ERRORS})",
        for_seconds=300,
        severity="warning",
        runbook=runbook("Balancer", "RouteErrors"),
        summary=f"{label}: {{{{ $value | humanizePercentage }}}} of the answers of the route {{{{ $labels.proxy }}}} "
        "are errors (5xx)",
    )


def _burns(
    label: str,
    series: str,
    suffix: str,
    rates: tuple[tuple[float, str, str], ...],
    for_seconds: int,
    severity: Severity,
    silences: tuple[str, ...],
) -> AlertRule:
    errors = f'{_FRONTEND}{{{series},proxy="public",code="5xx"}}'
    budget = 1 - OBJECTIVE
    parts = (
        f"(({_failed(series, long)} > {times * budget:.4g}) and ({_failed(series, short)} > {times * budget:.4g}) "
        f"and (sum(increase({errors}[{long}])) >= {LEAST_ERRORS}))"
        for times, long, short in rates
    )
    return AlertRule(
        name=f"{label}{suffix}",
        expr=" or ".join(parts),
        for_seconds=for_seconds,
        severity=severity,
        runbook=runbook("Balancer", suffix),
        summary=f"{label}: {{{{ $value | humanizePercentage }}}} of all answers are errors (5xx), and "
        f"{budget:.1%} may be",
        silences=tuple(f"{label}{each}" for each in silences),
    )


def _failed(series: str, window: str) -> str:
    """The part of the answers in a window that are errors."""
    public = f'{_FRONTEND}{{{series},proxy="public"'
    return f'sum(rate({public},code="5xx"}}[{window}])) / sum(rate({public}}}[{window}]))'
