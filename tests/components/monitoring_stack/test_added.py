"""What a stack file adds to monitoring by itself: rules, boards, targets, and the names of an application's metrics."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring_stack.added import added
from components.monitoring_stack.settings import MonitoringSettings
from tests.components.monitoring_stack.stacks import SECRETS, composed, faults, rules, small
from tests.mock_engine import Recorded
from tests.promtool import fire
from tests.rendered.programs import passes, program
from tests.rendered.texts import PLATFORMS, text

SLOW = {
    "expr": "histogram_quantile(0.95, sum by (le) (rate(orders_seconds_bucket[5m]))) > 2",
    "holds": "5m",
    "severity": "critical",
    "component": "web",
    "summary": "orders take {{ $value | humanizeDuration }}",
    "runbook": "https://wiki.example.com/orders",
}
BOARD = {"title": "Orders", "panels": [{"title": "in an hour", "expr": "sum(increase(orders_total[1h]))"}]}
TARGET = {
    "host": "db.example.com", "port": 9187, "path": "/own", "tls": {"ca_secret": "word"}, "username": "prometheus",
    "password_secret": "key",
}  # fmt: skip
ADDED = {"rules": {"OrdersSlow": SLOW}, "boards": {"orders": BOARD}, "targets": {"erp": TARGET}}


def jobs(found: list[Recorded]) -> dict[str, Any]:
    return {one["job_name"]: one for one in yaml.safe_load(text(found, "prometheus-config"))["scrape_configs"]}


def test_a_rule_is_one_of_the_component_that_it_names() -> None:
    rule = rules(composed(small(rules={"OrdersSlow": SLOW})))["OrdersSlow"]
    assert (rule["expr"], rule["for"]) == (SLOW["expr"], "300s")
    assert rule["labels"] == {"severity": "critical", "component": "web"}
    assert rule["annotations"] == {"summary": SLOW["summary"], "runbook": SLOW["runbook"]}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_board_is_a_dashboard_beside_ours(platform: str) -> None:
    found = composed(small(platform, boards={"orders": BOARD}))
    own, ours = (json.loads(text(found, name)) for name in ("grafana-board-orders", "grafana-boards"))
    assert (own["title"], own["uid"], ours["uid"]) == ("Orders", "ha-own-orders", "ha-platform")
    assert [one["targets"][0]["expr"] for one in own["panels"]] == ["sum(increase(orders_total[1h]))"]
    assert "orders_total" not in str(ours)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_target_is_asked_as_it_is_called(platform: str) -> None:
    found = composed(small(platform, targets={"erp": TARGET, "plain": {"host": "10.1.2.3", "port": 80}}))
    erp, plain = jobs(found)["target-erp"], jobs(found)["target-plain"]
    assert erp["static_configs"] == [{"targets": ["db.example.com:9187"]}]
    assert (erp["scheme"], erp["metrics_path"], erp["tls_config"]["server_name"]) == ("https", "/own", "db.example.com")
    assert erp["basic_auth"] == {
        "username": "prometheus", "password_file": "/etc/ha-prometheus/targets/target-erp/password_secret",
    }  # fmt: skip
    assert "scheme" not in plain
    prometheus = str([one.inputs for one in found if one.name.startswith("prometheus")])
    assert prometheus.count("password_secret") > 1, "it is mounted, not only named"
    assert not [one for one in found if SECRETS["key"] in str(one.inputs) and not one.type.endswith(":Secret")]
    lost = rules(found)["Target_erpDown"]
    assert (lost["labels"]["severity"], lost["labels"]["component"]) == ("warning", "monitoring")


def test_a_target_of_a_private_network_may_be_reached() -> None:
    found = composed(small("kubernetes", targets={"plain": {"host": "10.1.2.3", "port": 80}}))
    policies = [one.inputs for one in found if one.type.endswith(":NetworkPolicy")]
    assert [one for one in policies if "10.1.2.3/32" in str(one)]


def test_metrics_of_an_application_have_the_common_names() -> None:
    names = {"http_requests_total": "served_total", "cache_hit_ratio": "cache_hit_ratio"}
    found = composed(small(web={"names": names}))
    (renamed,) = jobs(found)["app-web"]["metric_relabel_configs"]
    assert renamed == {
        "source_labels": ["__name__"],
        "regex": "served_total((?:_bucket|_sum|_count)?)",
        "target_label": "__name__",
        "replacement": "http_requests_total$1",
    }
    shown = text(found, "grafana-boards")
    assert 'http_requests_total{job=\\"app-web\\"}' in shown
    assert "cache_hit_ratio" in shown
    assert "database_connection_pool_size" not in shown, "it has none"
    assert "metric_relabel_configs" not in jobs(composed(small()))["app-web"]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no PromQL": ({"rules": {"A": SLOW | {"expr": "sum("}}}, "rules.A.expr", "unclosed left parenthesis"),
    "a wrong type": ({"rules": {"A": SLOW | {"expr": "rate(x_total)"}}}, "rules.A.expr", "expected type matrix"),
    "a name that we have": ({"rules": {"App_webDown": SLOW}}, "", "App_webDown"),
    "a component that is not there": ({"rules": {"A": SLOW | {"component": "wep"}}}, "rules.A.component", "names no"),
    "no runbook": ({"rules": {"A": {k: v for k, v in SLOW.items() if k != "runbook"}}}, "rules.A.runbook", "required"),
    "no Grafana": ({"boards": {"orders": BOARD}, "grafana": None}, "boards.orders", "no Grafana"),
    "two of one title": ({"boards": {"a": BOARD, "b": BOARD}}, "boards.b.title", "monitoring.boards.a"),
    "a panel that is no PromQL": (
        {"boards": {"a": BOARD | {"panels": [{"title": "x", "expr": "sum by"}]}}}, "boards.a.panels[0].expr", "PromQL",
    ),
    "a password in the clear": ({"targets": {"a": TARGET | {"tls": None}}}, "targets.a", "by TLS alone"),
    "half a login": ({"targets": {"a": {"host": "a.example.com", "port": 1, "username": "u", "tls": {}}}}, "targets.a",
                     "go together"),
    "a secret that was not given": (
        {"targets": {"a": {"host": "a.example.com", "port": 1, "tls": {}, "token_secret": "other"}}},
        "targets.a.token_secret", "not given",
    ),
    "more than the volume": (
        {"prometheus": {"volume": "10Gi", "retention_size": "9Gi"}}, "prometheus", "more than four fifths of `volume`",
    ),
    "a password without a user": (
        {"alertmanager": {"receivers": [{
            "kind": "email", "to": "a@example.com", "sender": "b@example.com", "smarthost": "mail.example.com:587",
            "password_secret": "word"}]}}, "alertmanager.receivers[0]", "go together",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_by_its_path(case: str) -> None:
    monitoring, path, said = REFUSED[case]
    (fault,) = faults(small(**monitoring))
    assert fault.path == f"ha-platform:stack.monitoring.{path}".rstrip(".")
    assert said in f"{fault.rule} {fault.got} {fault.fix}"


def test_retention_by_size_reaches_prometheus() -> None:
    found = composed(small(prometheus={"volume": "10Gi", "retention_size": "4Gi"}))
    assert "--storage.tsdb.retention.size=4096MB" in str([one.inputs for one in found if one.name == "prometheus-0"])


@pytest.mark.live
def test_a_summary_that_prometheus_refuses_is_a_fault() -> None:
    program("promtool", "prometheus")
    (fault,) = faults(small(rules={"A": SLOW | {"summary": "it is {{ $value | nonsense }}"}}))
    assert fault.path == "ha-platform:stack.monitoring.rules.A"
    assert "nonsense" in fault.rule


@pytest.mark.live
def test_what_is_rendered_is_accepted(tmp_path: Path) -> None:
    found = composed(small("kubernetes", web={"names": {"http_request_duration_seconds": "took_seconds"}}, **ADDED))
    config, rule_file = tmp_path / "prometheus.yml", tmp_path / "rules.yml"
    config.write_text(text(found, "prometheus-config").replace("/etc/ha-prometheus", str(tmp_path)))
    rule_file.write_text(text(found, "prometheus-rules"))
    directory = tmp_path / "targets/target-erp"
    directory.mkdir(parents=True)
    for name in ("password_secret", "ca_secret"):
        (directory / name).write_text("x")
    promtool = program("promtool", "prometheus")
    passes(promtool, "check", "config", "--syntax-only", str(config))
    passes(promtool, "check", "rules", str(rule_file))


@pytest.mark.live
def test_a_target_that_is_lost_is_said() -> None:
    settings = MonitoringSettings.model_validate(
        {"alertmanager": {"receivers": [{"kind": "webhook", "url": "https://a.example.com"}]},
         "targets": {"erp": {"host": "a.example.com", "port": 80}}}
    )  # fmt: skip
    up = 'up{job="target-erp",instance="a.example.com:80"}'
    fire(added(settings).rules, {up: "1x40"}, set(), after="8m")
    fire(added(settings).rules, {up: "0x40"}, {"Target_erpDown"}, after="8m")
