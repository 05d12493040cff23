"""Each alert of monitoring itself fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.monitoring_stack.node_exporter import NAME
from components.monitoring_stack.own_alerts import own_rules
from components.monitoring_stack.targets import missing_targets
from components.observability import AlertRule, Observability, ScrapeTarget, down_rule
from tests.promtool import fire

Series = dict[str, str]


def target(job: str, expected: int = 1) -> ScrapeTarget:
    return ScrapeTarget(job=job, replicas_host="x", port=1, expected=expected)


ALERTMANAGER, NODES, APP, QUEUES, AGENTS = (
    target("alertmanager"), target(NAME), target("app-web"), target("rabbitmq-queue-queues", 3), target("main-copies")
)  # fmt: skip
WATCHED = (
    down_rule("Alertmanager", ALERTMANAGER),
    down_rule("NodeExporter", NODES),
    down_rule("App_web", APP),
    AlertRule(name="Told", expr='absent(ha_x{job="main-copies"})', for_seconds=0, severity="info", summary="none"),
)
DECLARED = (
    Observability(targets=(ALERTMANAGER, NODES, target("prometheus")), rules=WATCHED[:2]),
    Observability(targets=(APP, QUEUES, AGENTS), rules=WATCHED[2:]),
)
RULES = (*own_rules("prometheus", "alertmanager"), *WATCHED[:3], *missing_targets(DECLARED).rules)


def one(metric: str, job: str, values: str, number: int = 0, **more: str) -> Series:
    labels = {"job": job, "instance": f"10.0.0.{number}:1", **more}
    text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return {f"{metric}{{{text}}}": values}


def healthy() -> Series:
    found: Series = {}
    for job, count in (("alertmanager", 1), ("prometheus", 1), (NAME, 3), ("app-web", 2), ("rabbitmq-queue-queues", 3)):
        for number in range(count):
            found |= one("up", job, "1x160", number)
    for job in ("prometheus", "alertmanager"):
        found |= one(f"{job}_config_last_reload_successful", job, "1x160")
    return found | one("prometheus_rule_evaluation_failures_total", "prometheus", "0x160", rule_group="components")


def without(job: str) -> Series:
    return {name: value for name, value in healthy().items() if f'"{job}"' not in name}


CASES: dict[str, tuple[Series, set[str]]] = {
    "healthy": (healthy(), set()),
    "Alertmanager is lost": (healthy() | one("up", "alertmanager", "0x160"), {"AlertmanagerDown"}),
    "Alertmanager takes no configuration": (
        healthy() | one("alertmanager_config_last_reload_successful", "alertmanager", "0x160"),
        {"AlertmanagerReloadFailed"},
    ),
    "Prometheus takes no configuration": (
        healthy() | one("prometheus_config_last_reload_successful", "prometheus", "0x160"),
        {"PrometheusReloadFailed"},
    ),
    "it took the next one": (
        healthy() | one("prometheus_config_last_reload_successful", "prometheus", "1x80 0x10 1x70"),
        set(),
    ),
    "a rule cannot be evaluated": (
        healthy() | one("prometheus_rule_evaluation_failures_total", "prometheus", "0+1x160", rule_group="components"),
        {"PrometheusRuleFails"},
    ),
    "no host answers": (without(NAME), {"NodeExporterDown"}),
    "no replica answers": (
        healthy() | one("up", "app-web", "0x160") | one("up", "app-web", "0x160", 1),
        {"App_webDown"},
    ),
    "one replica answers": (healthy() | one("up", "app-web", "0x160"), set()),
    "a target of a job that no other rule watches": (
        healthy() | one("up", "rabbitmq-queue-queues", "0x160", 2),
        {"TargetMissing"},
    ),
    "it is away for five minutes": (
        healthy() | one("up", "rabbitmq-queue-queues", "1x110 0x20 1x30", 2),
        set(),
    ),
    "no address is found by its name": (without("rabbitmq-queue-queues"), {"TargetMissing"}),
}


@pytest.mark.live
@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_on_what_they_watch_alone(case: str) -> None:
    series, expected = CASES[case]
    fire(RULES, series, expected, after="38m")


def test_targets_with_a_rule_of_their_own_are_left_to_it() -> None:
    (rule,) = missing_targets(DECLARED).rules
    assert 'job="rabbitmq-queue-queues"' in rule.expr
    assert 'job="prometheus"' in rule.expr
    for job in ("alertmanager", NAME, "app-web", "main-copies"):
        assert f'"{job}"' not in rule.expr


def test_a_figure_of_each_replica_watches_them_where_all_are_counted() -> None:
    rule = AlertRule(
        name="Lost", expr='(sum(has{job="store"}) or vector(0)) < 3', for_seconds=0, severity="info", summary="x"
    )
    assert missing_targets([Observability(targets=(target("store", 3),), rules=(rule,))]) == Observability()
    found = missing_targets([Observability(targets=(target("store", 5),), rules=(rule,))])
    assert '(up{job="store"})' in found.rules[0].expr


def test_where_each_is_watched_there_is_no_rule() -> None:
    assert missing_targets([Observability(targets=(APP,), rules=WATCHED)]) == Observability()


def test_a_rule_on_many_jobs_watches_each() -> None:
    rule = AlertRule(name="Told", expr='max(up{job=~"redis-[0-9]+"}) == 0', for_seconds=0, severity="info", summary="x")
    found = missing_targets([Observability(targets=(target("redis-0"), target("redis-x")), rules=(rule,))])
    assert 'job="redis-x"' in found.rules[0].expr
    assert 'job="redis-0"' not in found.rules[0].expr
