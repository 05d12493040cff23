"""Who gets an alert, and which alerts are silent because another one says what is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.components.monitoring_stack.stacks import HOOK, alerts, composed, document, faults, registered, rules
from tests.rendered.programs import passes, program
from tests.rendered.texts import PLATFORMS, text

PAGER = {"kind": "pagerduty", "routing_key_secret": "key", "match": {"severities": ["critical"]}}
SLACK = {"kind": "slack", "url_secret": "hook", "channel": "#ops", "match": {"severities": ["warning", "info"]}}
TEAM = {"kind": "webhook", "url": "https://team.example.com/x", "match": {"components": ["main", "web"]}}
BOTH = {
    "kind": "email", "to": "a@example.com", "sender": "b@example.com", "smarthost": "mail.example.com:587",
    "match": {"severities": ["critical", "warning"], "components": ["jobs"]},
}  # fmt: skip
SEVERITIES = ("critical", "warning", "info")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_every_rule_says_how_urgent_it_is_and_whom_it_is_about(platform: str) -> None:
    stack = document(platform)
    parts = {name for key in ("balancers", "apps", "databases", "caches", "clusters", "brokers") for name in stack[key]}
    labels = [rule["labels"] for rule in rules(registered(platform)).values()]
    assert {one["severity"] for one in labels} <= set(SEVERITIES)
    assert {one["component"] for one in labels} == parts | {"monitoring"}


def test_every_rule_has_a_runbook_that_is_there() -> None:
    root = Path(__file__).parents[3]
    missing = [
        name
        for name, rule in rules(registered("swarm")).items()
        if not (page := rule["annotations"].get("runbook")) or not (root / page).is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_cause_silences_rules_that_exist_and_are_no_more_urgent(platform: str) -> None:
    found = registered(platform)
    known, pairs = rules(found), inhibited(alerts(found))
    assert pairs
    for cause, consequence in pairs:
        assert {cause, consequence} <= known.keys()
        urgent = [SEVERITIES.index(known[name]["labels"]["severity"]) for name in (cause, consequence)]
        assert urgent == sorted(urgent), f"{cause} hides {consequence}"
        assert known[cause]["labels"]["component"] == known[consequence]["labels"]["component"]
        assert (consequence, cause) not in pairs, "two that silence each other tell nobody"


def inhibited(config: dict[str, Any]) -> set[tuple[str, str]]:
    """Cause and consequence."""
    pairs = set()
    for one in config["inhibit_rules"]:
        (source,), (target,) = one["source_matchers"], one["target_matchers"]
        (cause,), (names,) = re.findall(r'^alertname="(\w+)"$', source), re.findall(r'^alertname=~"([\w|]+)"$', target)
        pairs |= {(cause, name) for name in names.split("|")}
    return pairs


def test_each_store_has_a_cause_that_silences() -> None:
    pairs = inhibited(alerts(registered("swarm")))
    assert ("Postgres_mainNoPrimary", "Postgres_mainWriteEndpointDown") in pairs
    assert ("Postgres_mainStoreNoLeader", "Postgres_mainStoreQuorumAtRisk") in pairs
    assert ("Postgres_mainDown", "Postgres_mainPrimaryChanged") in pairs
    assert ("Redis_jobsNoMaster", "Redis_jobsReplicationBroken") in pairs
    assert ("Rabbit_queueNoMajority", "Rabbit_queueDown") in pairs


def test_what_is_not_in_the_stack_is_not_silenced() -> None:
    """A cache of one member has no replica, so `TwoMasters` and its consequences are not there."""
    stack = document("swarm")
    stack["caches"]["jobs"]["members"] = 1
    found = inhibited(alerts(composed(stack)))
    assert not [pair for pair in found if pair[1].startswith("Redis_jobsReplicationBroken")]


def test_alerts_of_one_component_and_severity_are_one_message() -> None:
    route = alerts(registered("swarm"))["route"]
    assert route["group_by"] == ["component", "severity"]


RECEIVERS = (PAGER, SLACK, TEAM, BOTH)
ROUTES = [
    ("critical", "main", {"0-pagerduty", "2-webhook"}),
    ("warning", "main", {"1-slack", "2-webhook"}),
    ("info", "main", {"1-slack", "2-webhook"}),
    ("critical", "jobs", {"0-pagerduty", "3-email"}),
    ("warning", "jobs", {"1-slack", "3-email"}),
    ("info", "jobs", {"1-slack"}),
    ("critical", "monitoring", {"0-pagerduty"}),
    ("critical", "web-2", {"0-pagerduty"}),
]


@pytest.mark.parametrize(("severity", "component", "expected"), ROUTES)
def test_the_routes_as_they_are_written(severity: str, component: str, expected: set[str]) -> None:
    """By our own reading of the file; `amtool` judges it too."""
    labels = {"severity": severity, "component": component}
    config = alerts(registered("kubernetes", *RECEIVERS))
    reached = set()
    for route in config["route"]["routes"]:
        matchers = [re.fullmatch(r'(\w+)=~"(.+)"', one) for one in route.get("matchers", [])]
        if all(one and re.fullmatch(one[2], labels[one[1]]) for one in matchers):
            reached.add(route["receiver"])
    assert reached == expected
    assert all(route["continue"] for route in config["route"]["routes"]), "each receiver is asked"


@pytest.mark.live
@pytest.mark.parametrize(("severity", "component", "expected"), ROUTES)
def test_amtool_leads_each_severity_to_its_receivers(
    severity: str, component: str, expected: set[str], tmp_path: Path
) -> None:
    amtool = program("amtool", "prometheus-alertmanager")
    file = tmp_path / "alertmanager.yml"
    file.write_text(text(registered("kubernetes", *RECEIVERS), "alertmanager-config"))
    passes(amtool, "check-config", str(file))
    command = (amtool, "config", "routes", "test", f"--config.file={file}")
    reached = passes(*command, f"severity={severity}", f"component={component}")
    assert set(reached.strip().split(",")) == expected


@pytest.mark.live
@pytest.mark.parametrize("severity", SEVERITIES)
def test_amtool_leads_every_severity_to_a_receiver_without_match(severity: str, tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text(registered("swarm"), "alertmanager-config"))
    command = (program("amtool", "prometheus-alertmanager"), "config", "routes", "test", f"--config.file={file}")
    assert passes(*command, f"severity={severity}", "component=main").strip() == "0-webhook"


def test_messages_say_what_is_wrong_and_how_urgent() -> None:
    _, pager, slack, _, _ = alerts(registered("swarm", *RECEIVERS))["receivers"]
    assert pager["pagerduty_configs"][0]["severity"] == "{{ .GroupLabels.severity }}"
    assert ".Annotations.summary" in slack["slack_configs"][0]["text"]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize(
    ("receivers", "lost"),
    [
        ((SLACK,), {"cache", "edge", "jobs", "main", "monitoring", "keys", "queue", "web", "worker"}),
        ((SLACK, TEAM), {"cache", "edge", "jobs", "monitoring", "keys", "queue", "worker"}),
        ((PAGER,), set()),
        ((TEAM, HOOK), set()),
    ],
)
def test_critical_alerts_that_nobody_gets_are_refused(
    platform: str, receivers: tuple[dict[str, Any], ...], lost: set[str]
) -> None:
    found = faults(document(platform, *receivers))
    expected = [("ha-platform:stack.monitoring.alertmanager.receivers", ", ".join(sorted(lost)))] if lost else []
    assert [(fault.path, fault.got) for fault in found] == expected
    assert all("`unheard`" in fault.rule for fault in found), "the way out is named"


def test_components_are_left_out_by_their_names() -> None:
    others = ["cache", "edge", "jobs", "monitoring", "keys", "queue", "worker"]
    assert faults(document("swarm", TEAM, alertmanager={"unheard": others})) == ()
    (fault,) = faults(document("swarm", TEAM, alertmanager={"unheard": others[1:]}))
    assert fault.got == "cache"


def test_names_of_components_exist() -> None:
    wrong = {"kind": "webhook", "url_secret": "hook", "match": {"components": ["monitoring", "mian"]}}
    found = faults(document("swarm", HOOK, wrong, alertmanager={"unheard": ["offsite"]}))
    assert [(one.path.partition("alertmanager.")[2], one.got) for one in found] == [
        ("receivers[1].match.components[1]", "'mian'"),
        ("unheard[0]", "'offsite'"),
    ]
    assert found[0].fix == "Did you mean `main`?"
