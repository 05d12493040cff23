"""Somebody outside hears as long as alerts work, and hears nothing when they do not."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from components.monitoring_stack.watchdog import watchdog
from tests.components.monitoring_stack.servers import alertmanager, made, prometheus, quick
from tests.components.monitoring_stack.sinks import hooks, until
from tests.components.monitoring_stack.stacks import alerts, composed, faults, rules, small
from tests.promtool import fire
from tests.rendered.programs import passes, program
from tests.rendered.texts import PLATFORMS, text

SECRET = {"url_secret": "hook"}
WATCHDOG = "alertname=Watchdog"


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_it_is_asked_first_and_nobody_after_it(platform: str) -> None:
    found = composed(small(platform, dead_man={"url_secret": "key", "every": "2m"}))
    first, second = alerts(found)["route"]["routes"]
    assert (first["receiver"], first["continue"], first["matchers"]) == ("dead-man", False, ['alertname="Watchdog"'])
    assert (first["group_interval"], first["group_wait"]) == ("120s", "0s")
    assert second["receiver"] == "0-webhook"
    (told,) = [one for one in alerts(found)["receivers"] if one["name"] == "dead-man"]
    assert told["webhook_configs"] == [{"url": "0123456789abcdef0123456789abcdef", "send_resolved": False}]
    watchdog = rules(found)["Watchdog"]
    assert (watchdog["expr"], watchdog["for"]) == ("vector(1)", "0s")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_stack_without_one_stays_as_it_was(platform: str) -> None:
    found = composed(small(platform))
    assert "Watchdog" not in rules(found)
    assert [one["name"] for one in alerts(found)["receivers"]] == ["nobody", "0-webhook"]
    assert "Watchdog" not in text(found, "alertmanager-config")


@pytest.mark.parametrize(
    ("dead_man", "path", "said"),
    [
        ({}, "dead_man", "`url` or `url_secret`"),
        ({"url": "https://a.example.com", **SECRET}, "dead_man", "`url` or `url_secret`"),
        ({"url_secret": "nobody_gave_it"}, "dead_man.url_secret", "was not given"),
        ({**SECRET, "every": "5s"}, "dead_man.every", "10s"),
        ({"url": "https://user:word@a.example.com"}, "dead_man.url", "user or password"),
    ],
)
def test_what_cannot_be_pinged_is_refused_by_its_path(dead_man: dict[str, Any], path: str, said: str) -> None:
    (fault,) = faults(small(dead_man=dead_man))
    assert fault.path == f"ha-platform:stack.monitoring.{path}"
    assert said in f"{fault.rule} {fault.fix}"


def test_its_address_stands_in_a_secret_alone() -> None:
    found = composed(small("kubernetes", dead_man=SECRET))
    shown = [one.name for one in found if "hooks.example.com/x" in str(one.inputs) and not one.type.endswith("Secret")]
    assert shown == []


@pytest.mark.live
def test_amtool_leads_the_watchdog_to_it_alone(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(text(composed(small(dead_man=SECRET)), "alertmanager-config"))
    amtool = program("amtool", "prometheus-alertmanager")
    passes(amtool, "check-config", str(file))
    command = (amtool, "config", "routes", "test", f"--config.file={file}")
    assert passes(*command, WATCHDOG, "severity=info", "component=monitoring").strip() == "dead-man"
    assert passes(*command, "alertname=Other", "severity=info", "component=monitoring").strip() == "0-webhook"


@pytest.mark.live
def test_it_fires_without_any_series() -> None:
    fire(watchdog().rules, {}, {"Watchdog"}, after="1m")


@pytest.mark.live
def test_the_pings_go_on_until_prometheus_stops(tmp_path: Path) -> None:
    """With every time a tenth of what the stack file says: a ping each second."""

    def looks(address: str) -> int:
        """How often Alertmanager asked itself whether to send one."""
        page = httpx.get(f"http://{address}/metrics", timeout=60).text
        (found,) = re.findall(r"^alertmanager_nflog_queries_total (\S+)$", page, re.MULTILINE)
        return int(float(found))

    with hooks() as sink:
        receivers = [{"kind": "webhook", "url": sink.url("/team")}]
        settings = {"alertmanager": {"receivers": receivers}, "dead_man": {"url_secret": "ping", "every": 10}}
        platform = made(settings, {"ping": sink.url("/ping")})
        config = quick(platform.secrets["alertmanager-config"])
        assert yaml.safe_load(config)["route"]["routes"][0]["group_interval"] == "1000ms"
        with alertmanager(config, tmp_path) as address, prometheus(platform, "Watchdog", address, tmp_path) as process:
            until(lambda: len(sink.at("/ping")) >= 8, "eight pings")
            times = looks(address)
            # One may be on its way; and where this machine stood still, an alert ended in between.
            assert len(sink.at("/ping")) > (times - 1) * 2 / 3, f"not every second one of {times} is left out"
            assert {one["status"] for one in sink.at("/ping")} == {"firing"}
            assert "Watchdog" not in str(sink.at("/team")), "nobody else is bothered"
            process.kill()
            process.wait()
            # What Prometheus said last holds for four times its interval.
            told = f"http://{address}/api/v2/alerts"
            until(lambda: httpx.get(told, timeout=60).json() == [], "the alert has ended")

            def is_silent() -> bool:
                before = len(sink.at("/ping"))
                time.sleep(2.5)
                return len(sink.at("/ping")) == before

            until(is_silent, "silence says that Prometheus is gone")
            assert [one["status"] for one in sink.at("/ping")][-1] == "firing", "an end is no ping"
