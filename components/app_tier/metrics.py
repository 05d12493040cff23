"""What is shown and judged of an application's own metrics, by their common names."""

from collections.abc import Iterator
from dataclasses import replace

from components.app_tier.settings import CommonMetric, MetricsSettings
from components.observability import AlertRule, Panel, alert

LEAST = 10
"""Fewer requests, or errors, in five minutes say nothing of a rate."""
SECONDS = 300

_COMMON: dict[CommonMetric, Panel] = {
    "http_requests_total": Panel(title="requests", expr="sum(rate(http_requests_total{%s}[5m]))", unit="reqps"),
    "http_request_duration_seconds": Panel(
        title="95 % of requests within",
        expr="histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{%s}[5m])))",
        unit="s",
    ),
    "cache_hit_ratio": Panel(title="cache hits", expr="avg(cache_hit_ratio{%s})", unit="percentunit"),
    "database_connection_pool_size": Panel(
        title="connections to databases", expr="sum(database_connection_pool_size{%s})"
    ),
}


def panels(name: str, settings: MetricsSettings, job: str) -> Iterator[Panel]:
    """One for each metric that the application has."""
    for common in settings.names:
        one = _COMMON[common]
        yield replace(one, title=f"{name}: {one.title}", expr=one.expr % f'job="{job}"')


def rules(name: str, settings: MetricsSettings, job: str) -> Iterator[AlertRule]:
    """Those that have a bound."""
    series = f'job="{job}"'
    if settings.slow is not None:
        took = _COMMON["http_request_duration_seconds"].expr % series
        count = f"sum(increase(http_request_duration_seconds_count{{{series}}}[5m]))"
        bound = settings.slow / 1000
        yield alert(
            "App",
            name,
            "Slow",
            f"({took} > {bound:g}) and ({count} >= {LEAST})",
            SECONDS,
            "warning",
            f"5 % of the requests take longer than {{{{ $value | humanizeDuration }}}}, and {bound:g}s is the bound",
        )
    if settings.errors is not None:
        every = f"http_requests_total{{{series}}}"
        failed = f'http_requests_total{{{series},{settings.errors.label}=~"5.."}}'
        yield alert(
            "App",
            name,
            "Errors",
            f"(sum(rate({failed}[5m])) / sum(rate({every}[5m])) > {settings.errors.above / 100:g}) "
            f"and (sum(increase({failed}[5m])) >= {LEAST})",
            SECONDS,
            "warning",
            "{{ $value | humanizePercentage }} of the answers are errors (5xx), "
            f"and {settings.errors.above} % is the bound",
        )
