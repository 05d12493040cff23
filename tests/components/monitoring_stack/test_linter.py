"""Whatever a rule or a board of a stack reads is exported by something in that stack; planted faults are found."""

import re
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from tests.components.monitoring_stack.linter import Files, Told, answering, documents, lint, reader_of, reads_of
from tests.components.monitoring_stack.stacks import composed, document, registered
from tests.examples.example import ON_EACH_PLATFORM, Example, rendered
from tests.goldens.rendered import STACKS, golden_registrations
from tests.rendered.texts import PLATFORMS

_ANSWERED = {
    "http_requests_total": frozenset({"method", "status"}),
    "http_request_duration_seconds_bucket": frozenset({"le"}),
}
TOLD: dict[str, Told] = {
    "agent-platform": {
        "app-api": _ANSWERED,
        "app-agent": _ANSWERED | {"process_cpu_seconds_total": frozenset()},
    },
    "ai-chat": {
        "app-api": _ANSWERED | {"cache_hit_ratio": frozenset(), "database_connection_pool_size": frozenset()},
    },
    "messenger-bot": {
        "app-web": _ANSWERED | {"messages_received_total": frozenset(), "conversations_active": frozenset()},
    },
}
"""Example -> what its team's applications export, as their documents have it."""
TARGETS = {"agent-platform": {"target-file-server": "node-exporter"}}
"""Example -> what answers at a target of its own."""


@pytest.mark.parametrize("name", STACKS)
def test_of_the_rendered_stacks(name: str) -> None:
    """Some have no monitoring."""
    found = golden_registrations(name)
    assert lint(documents(found), apps=True, answers=answering(found)) == []


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_of_a_stack_with_every_kind(platform: str) -> None:
    files = documents(registered(platform))
    assert any("panels" in document for _, document in files), "boards are read, too"
    assert lint(files) == []


@pytest.mark.parametrize("example", ON_EACH_PLATFORM, ids=lambda example: example.id)
def test_of_the_examples(example: Example) -> None:
    found, name = rendered(example), example.name
    assert lint(documents(found), answers={**answering(found), **TARGETS.get(name, {})}, told=TOLD.get(name, {})) == []


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_of_a_balancer_by_nginx(platform: str) -> None:
    stack = document(platform)
    stack["balancers"]["edge"]["engine"] = "nginx"
    found = composed(stack)
    assert lint(documents(found), answers=answering(found)) == []
    assert any("edge: connections by state" in line for line in lint(documents(found))), "HAProxy exports none of them"
    assert answering(registered(platform)) == {}


@cache
def _every_kind() -> Files:
    return documents(registered("swarm"))


def planted(**exprs: str) -> list[str]:
    """What is found where these rules are in the stack, too."""
    files = deepcopy(_every_kind())
    rules = [{"alert": name, "expr": expr, "labels": {}, "annotations": {}} for name, expr in exprs.items()]
    return lint([*files, ("prometheus-planted", {"groups": [{"name": "planted", "rules": rules}]})])


NODE = 'job="node-exporter"'
PLANTS = {
    "a misspelt metric": (
        'patroni_primery{job="postgres-main"}',
        "`patroni_primery` is exported by nothing in this stack; did you mean `patroni_primary`?",
    ),
    "a metric of a kind that the stack has not": (
        "ha_schedule_failed > 0",
        "`ha_schedule_failed` is exported by nothing in this stack; it is told by schedule, which this stack has not",
    ),
    "a metric of another job": (
        'etcd_server_has_leader{job="postgres-main"}',
        '`etcd_server_has_leader` has no series with `job="postgres-main"`; there is `postgres-main-store`',
    ),
    "a label that is not there": (
        'haproxy_backend_active_servers{route="web"}',
        '`haproxy_backend_active_servers` has no label `route` (`route="web"`); it has `instance`, `job`, `proxy`',
    ),
    "a label that excludes nothing": (
        'haproxy_backend_active_servers{route!="web"}',
        '`haproxy_backend_active_servers` has no label `route` (`route!="web"`); it has `instance`, `job`, `proxy`',
    ),
    "a value that never comes": (
        f'rate(node_cpu_seconds_total{{{NODE},mode="idel"}}[5m])',
        '`node_cpu_seconds_total` has no series with `mode="idel"`; there is `idle`, `iowait`',
    ),
    "an unknown group": (
        "max by (queu) (rabbitmq_detailed_queue_messages_ready)",
        "`max` groups by `queu`; which is no label there: there is `instance`, `job`, `queue`",
    ),
    "a group that was summed away": (
        f"sum by (mode) (sum by (cpu) (node_cpu_seconds_total{{{NODE}}}))",
        "`sum` groups by `mode`; which is no label there: there is `cpu`",
    ),
    "sides that never match": (
        f"node_filesystem_avail_bytes{{{NODE}}} / node_memory_MemTotal_bytes{{{NODE}}}",
        "`/` finds no two series alike; one side has `device`",
    ),
    "a match by what one side has not": (
        f"up{{{NODE}}} and on (cpu) node_cpu_seconds_total{{{NODE}}}",
        "`and` matches by `cpu`; which is no label there: there is `instance`, `job`",
    ),
    "a quantile of no histogram": (
        f"histogram_quantile(0.95, rate(node_disk_read_time_seconds_total{{{NODE}}}[5m]))",
        "`histogram_quantile` reads `le`; which is no label there",
    ),
    "everything": ('{job="prometheus"}', "names no metric"),
    "no PromQL": ("sum(up", "is no PromQL"),
    "inside a subquery": ("max_over_time(sum(upp)[10m:1m])", "`upp` is exported by nothing in this stack"),
    "inside absence": ('absent(upp{job="prometheus"})', "`upp` is exported by nothing in this stack"),
    "an alert that nobody has": ('ALERTS{alertname="Postgres_mianDown"}', "`Postgres_mainDown`"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(plant: str) -> None:
    expr, said = PLANTS[plant]
    (found,) = planted(Planted=expr)
    assert found.startswith("prometheus-planted: Planted: ")
    assert said in found


@pytest.mark.parametrize(
    "expr",
    [
        "sum by (job) (up) / on (job) group_left () count by (job) (up)",
        f'label_replace(up{{{NODE}}}, "host", "$1", "instance", "(.*):.*") * on (host) group_left () '
        f'max by (host) (label_replace(node_load1{{{NODE}}}, "host", "$1", "instance", "(.*):.*"))',
        "topk(3, rate(prometheus_http_requests_total[5m]))",
        'count_values("version", prometheus_build_info) by (job) > 0',
        'ALERTS{alertname="Postgres_mainDown",alertstate="firing"}',
        "absent(up) or vector(1)",
        "max by (certificate) (ha_certificate_days_left)",
    ],
)
def test_what_is_right_is_let_pass(expr: str) -> None:
    assert planted(Planted=expr) == []


def test_every_name_of_every_rule_counts() -> None:
    """Each metric, and each label of a matcher, misspelt in its place: none is passed over."""
    reader, _ = reader_of(_every_kind())
    passed, tried = [], 0
    for one in reads_of(_every_kind()):
        for found in re.finditer(r"\b[a-z]\w*_\w+(?=[{\[ )])|(?<=[{,])\w+(?==|!)", one.expr):
            if found[0] in ("histogram_quantile", "predict_linear", "group_left"):
                continue
            wrong = f"{one.expr[: found.start()]}{found[0]}x{one.expr[found.end() :]}"
            tried += 1
            reader.faults.clear()
            reader.read(wrong)
            if not reader.faults:
                passed.append((one.where, wrong))
    assert passed == []
    assert tried > 200


def changed(name: str, change: Any) -> list[str]:
    """What is found in the stack with a change to one of its documents."""
    files = deepcopy(_every_kind())
    change(dict(files)[name])
    return lint(files)


def test_what_is_not_scraped_any_more_is_missed_by_its_rules_and_panels() -> None:
    def stop(config: dict[str, Any]) -> None:
        config["scrape_configs"] = [one for one in config["scrape_configs"] if one["job_name"] != "node-exporter"]

    found = changed("prometheus-config", stop)
    where = {line.partition(": `")[0] for line in found}
    assert {"prometheus-rules: HostDiskFills", "prometheus-rules: NodeExporterDown"} <= where
    assert "grafana-boards: CPU of the hosts" in where


def test_a_job_without_a_record_is_told() -> None:
    def add(config: dict[str, Any]) -> None:
        config["scrape_configs"].append({"job_name": "mystery"})

    (found,) = changed("prometheus-config", add)
    assert found.startswith("prometheus-config: mystery: nobody recorded what answers there")


NAMES: dict[str, Any] = {"source_labels": ["__name__"]}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (NAMES | {"regex": "patroni_.*", "action": "drop"}, True),
        (NAMES | {"regex": "patroni_.*|up", "action": "keep"}, False),
        (NAMES | {"regex": "patroni_(.*)", "target_label": "__name__", "replacement": "p_$1"}, True),
        ({"regex": "instance", "action": "labeldrop"}, True),
        ({"regex": "scope", "action": "labeldrop"}, False),
    ],
)  # fmt: skip
def test_relabelling_counts(rule: dict[str, Any], found: bool) -> None:
    def relabel(config: dict[str, Any]) -> None:
        (job,) = (one for one in config["scrape_configs"] if one["job_name"] == "postgres-main")
        job["metric_relabel_configs"] = [rule]

    lines = changed("prometheus-config", relabel)
    assert any("Postgres_main" in line for line in lines) == found


def test_a_text_shows_labels_that_the_result_has() -> None:
    def misname(rules: dict[str, Any]) -> None:
        (rule,) = (one for one in rules["groups"][0]["rules"] if one["alert"] == "Rabbit_queueQueueUnacked")
        rule["annotations"]["summary"] = "nobody reads {{ $labels.que }}"

    (found,) = changed("prometheus-rules", misname)
    assert "its text shows ['que']; the result has" in found
