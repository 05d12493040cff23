"""`make alert-test` against a real Alertmanager, whose receivers are real servers on loopback."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from cli.alert_test import Alertmanager, sent
from cli.errors import CommandError
from cli.web import Opener, ask
from components.observability import AlertRule, Observability
from tests.components.monitoring_stack.servers import alertmanager, made
from tests.components.monitoring_stack.sinks import Hooks, Mails, hooks, mails, until

pytestmark = pytest.mark.live

CRITICAL = {"severity": "critical", "component": "monitoring", "stack": "trial"}


def opener(address: str) -> Opener:
    return lambda: HTTPConnection(address, timeout=60)


def rule(name: str, silences: tuple[str, ...] = ()) -> AlertRule:
    return AlertRule(name=name, expr="x{}", for_seconds=0, severity="critical", summary=name, silences=silences)


class Running:
    """An Alertmanager with every kind of receiver, and who gets what."""

    def __init__(self, address: str, sink: Hooks, mail: Mails) -> None:
        self.opener = opener(address)
        self.to = Alertmanager(self.opener)
        self.sink, self.mail = sink, mail


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("alerts")
    with hooks() as sink, mails(directory) as mail:
        own: dict[str, Any] = {
            "group_wait": 3,
            "receivers": [
                {"kind": "webhook", "url": sink.url("/page"), "match": {"severities": ["critical"]}},
                {"kind": "slack", "url_secret": "slack", "channel": "#ops", "match": {"severities": ["critical"]}},
                {
                    "kind": "email",
                    "to": "ops@example.com",
                    "sender": "alerts@example.com",
                    "smarthost": mail.smarthost,
                    "match": {"severities": ["critical"]},
                },
                {"kind": "webhook", "url": sink.url("/broken"), "match": {"severities": ["warning"]}},
                {"kind": "pagerduty", "routing_key_secret": "key", "match": {"severities": ["critical"]}},
            ],
        }
        shop = Observability(rules=(rule("NoPrimary", silences=("EndpointDown",)), rule("EndpointDown"), rule("Slow")))
        platform = made({"alertmanager": own}, {"slack": sink.url("/slack"), "key": "0" * 32}, shop)
        config = platform.secrets["alertmanager-config"].replace("group_interval: 1m", "group_interval: 2s")
        config = f"global: {{pagerduty_url: {sink.url('/pager')}}}\n{config}"  # the service itself is not here
        with alertmanager(config, directory, SSL_CERT_FILE=str(mail.authority)) as address:
            yield Running(address, sink, mail)


def test_each_receiver_is_named_and_gets_it(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert sent(running.to, CRITICAL)
    said = capsys.readouterr().out
    told = [
        f"receivers[{index}] ({kind})" for index, kind in ((0, "webhook"), (1, "slack"), (2, "email"), (4, "pagerduty"))
    ]
    assert f"it is critical, of monitoring: {', '.join(told)}" in said
    for each in told:
        assert f"{each}: delivered after" in said
    assert "receivers[3]" not in said
    (page,) = [one for one in running.sink.at("/page") if one["status"] == "firing"]
    assert page["alerts"][0]["labels"] == {"alertname": "AlertTest", **CRITICAL}
    assert "this is a test" in running.sink.at("/slack")[0]["attachments"][0]["text"]
    pager = running.sink.at("/pager")[0]
    assert (pager["event_action"], pager["routing_key"], pager["payload"]["severity"]) == (
        "trigger",
        "0" * 32,
        "critical",
    )
    assert "AlertTest" in pager["payload"]["summary"]
    (recipient, text) = running.mail.got[0]
    assert recipient == "ops@example.com"
    assert "AlertTest" in text
    until(lambda: running.sink.at("/page")[-1]["status"] == "resolved", "its end is told")
    until(lambda: running.to.alert() is None, "nothing of it is left")


def test_one_fault_is_one_message(running: Running) -> None:
    """What follows from another alert is not said, and what comes with it is in the same message."""
    before = len(running.sink.at("/page"))
    labels = {"severity": "critical", "component": "shop"}
    fired = [{"labels": {"alertname": name, **labels}} for name in ("NoPrimary", "EndpointDown", "Slow")]
    ask(running.opener, "Alertmanager", "/api/v2/alerts", fired)
    until(lambda: len(running.sink.at("/page")) > before, "a message")
    time.sleep(2.5)
    (page,) = running.sink.at("/page")[before:]
    assert {one["labels"]["alertname"] for one in page["alerts"]} == {"NoPrimary", "Slow"}


def test_one_that_refuses_is_said(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert not sent(running.to, {**CRITICAL, "severity": "warning"})
    said = capsys.readouterr().out
    assert "receivers[3] (webhook): FAILED after" in said


def test_who_gets_nothing_is_said(running: Running) -> None:
    with pytest.raises(CommandError, match="no receiver gets it"):
        sent(running.to, {**CRITICAL, "severity": "info"})


def test_pings_of_a_dead_man_are_not_taken_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are messages of a webhook, too: one that refuses is seen all the same."""
    with hooks() as sink:
        own = {"group_wait": 1, "receivers": [{"kind": "webhook", "url": sink.url("/broken")}]}
        settings = {"alertmanager": own, "dead_man": {"url": sink.url("/ping"), "every": 10}}
        config = made(settings, {}).secrets["alertmanager-config"]
        for slow, fast in (("interval: 1m", "interval: 2s"), ("interval: 10s", "interval: 1s"), (": 5s", ": 500ms")):
            config = config.replace(slow, fast)
        with alertmanager(config, tmp_path) as address:
            ask(opener(address), "Alertmanager", "/api/v2/alerts", [{"labels": {"alertname": "Watchdog"}}])
            until(lambda: len(sink.at("/ping")) >= 2, "pings")
            assert not sent(Alertmanager(opener(address)), CRITICAL)
            assert "receivers[0] (webhook): FAILED" in capsys.readouterr().out
