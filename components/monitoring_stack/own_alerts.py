"""What Prometheus and Alertmanager say of themselves."""

from collections.abc import Iterator

from components.observability import AlertRule, part_rule


def own_rules(prometheus: str, alertmanager: str) -> Iterator[AlertRule]:
    """Of these jobs. A configuration that is not taken leaves the old one in force: nothing looks wrong until somebody
    misses what was changed."""
    for kind, metric, job in (
        ("Prometheus", "prometheus_config_last_reload_successful", prometheus),
        ("Alertmanager", "alertmanager_config_last_reload_successful", alertmanager),
    ):
        yield part_rule(
            kind,
            "ReloadFailed",
            f'max({metric}{{job="{job}"}}) == 0',
            300,
            "warning",
            f"{kind} did not take its last configuration and goes on with the one before",
        )
    yield part_rule(
        "Prometheus",
        "RuleFails",
        f'sum(increase(prometheus_rule_evaluation_failures_total{{job="{prometheus}"}}[10m])) > 0',
        300,
        "warning",
        "Prometheus could not evaluate a rule: its alert stays silent, whatever happens",
    )
