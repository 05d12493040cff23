"""Monitoring shows what the components declare, and nothing else."""

from typing import Any

import yaml

from components.observability import AlertRule, Observability, Panel, ScrapeTarget
from model import Agent, Members, Tier
from tests.components.monitoring_stack.servers import made as words
from tests.components.recorder import Recorder

DOWN = AlertRule(name="ShopDown", expr="up < 1", for_seconds=60, severity="critical", summary="it is: {{ $value }}")
SHOP = Observability(
    targets=(ScrapeTarget(job="shop", replicas_host="tasks.shop", port=8000, params=(("target", 'a"b'),)),),
    rules=(
        AlertRule(name="ShopDown", expr="up < 1", for_seconds=60, severity="critical", summary="it is: {{ $value }}"),
    ),
    panels=(Panel(title="orders", expr="sum(orders)"),),
)
HOOK = {"kind": "webhook", "url_secret": "hook"}


def made(*, declared: tuple[Observability, ...] = (), **settings: Any) -> Recorder:
    return words(
        {"alertmanager": {"receivers": [HOOK]}, **settings}, {"hook": "https://hooks.example.com/x"}, *declared
    )


def test_what_is_declared_is_scraped_and_judged() -> None:
    platform = made(declared=(SHOP,))
    jobs = {one["job_name"]: one for one in yaml.safe_load(platform.text("prometheus-config"))["scrape_configs"]}
    assert set(jobs) == {"shop", "prometheus", "alertmanager", "node-exporter"}
    assert jobs["shop"]["params"] == {"target": ['a"b']}
    assert jobs["shop"]["dns_sd_configs"][0]["names"] == ["tasks.shop"]
    (group,) = yaml.safe_load(platform.text("prometheus-rules"))["groups"]
    rules = {rule["alert"]: rule for rule in group["rules"]}
    assert rules["ShopDown"]["for"] == "60s"
    assert rules["ShopDown"]["annotations"]["summary"] == "it is: {{ $value }}"


def test_without_node_exporter_nothing_runs_on_every_host() -> None:
    assert made().names(Agent) == {"node-exporter"}
    platform = made(node_exporter=False)
    assert platform.names(Agent) == set()
    assert "node-exporter" not in platform.text("prometheus-config")


def test_receivers_secrets_stand_in_a_secret_alone() -> None:
    platform = made()
    config = yaml.safe_load(platform.secrets["alertmanager-config"])
    _, receiver = config["receivers"]
    assert receiver["webhook_configs"] == [{"url": "https://hooks.example.com/x", "send_resolved": True}]
    assert not [word for word in platform.words if "hooks.example.com" in str(getattr(word, "text", ""))]


def test_each_server_keeps_its_data_and_is_for_operators() -> None:
    platform = made(grafana={})
    assert platform.names(Members) == {"prometheus", "alertmanager", "grafana"}
    for name, port in (("prometheus", 9090), ("alertmanager", 9093), ("grafana", 3001)):
        word = platform.one(Members, name)
        assert (word.tier, word.count) == (Tier.MONITORING, 1)
        assert word.volume is not None
        assert [(one.published, one.audience) for one in word.public_ports] == [(port, "operators")]


def test_grafana_shows_the_panels_of_the_components() -> None:
    platform = made(declared=(SHOP,), grafana={})
    assert [word.name for word in platform.words if '"sum(orders)"' in str(getattr(word, "text", ""))]
    assert "grafana" not in made(declared=(SHOP,)).names(Members)


def test_retention_reaches_prometheus() -> None:
    word = made(prometheus={"retention": 7200}).one(Members, "prometheus")
    assert "--storage.tsdb.retention.time=7200s" in word.container.args
