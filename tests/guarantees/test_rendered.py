"""The budget counts the timers that are rendered: those of the configurations, and of the platforms."""

import json
import re

from components.postgres_ha.dynamic import dynamic_configuration
from components.postgres_ha.pooler import pgbouncer_ini
from components.postgres_ha.rest import CHECK
from components.postgres_ha.settings import PostgresSettings
from components.write_proxy.proxy import proxy_cfg
from components.write_proxy.timers import following
from platforms.swarm.settings import SwarmSettings
from settings.types import milliseconds
from tests.components.postgres_ha.test_reads import registered
from tests.goldens.rendered import golden_registrations
from tests.guarantees.budgets import SWARM, failover, postgres, redis
from tests.rendered.texts import text as text_of


def _in_proxy(pattern: str) -> int:
    text = proxy_cfg(("one",), port=5432, check=CHECK, max_connections=10, idle_seconds=60)
    (found,) = set(re.findall(pattern, text))
    return milliseconds(found)


def _service(name: str) -> dict[str, object]:
    (found,) = (one.inputs for one in golden_registrations("prod-on-swarm") if one.inputs.get("name") == f"prod-{name}")
    return found


def test_the_write_proxy() -> None:
    found = following(stable_addresses=False)
    text = proxy_cfg(("one",), port=5432, check=CHECK, max_connections=10, idle_seconds=60)
    (rise,) = re.findall(r" rise (\d+)", text)
    assert found.check.millis == _in_proxy(r"downinter (\S+)") * int(rise)
    assert found.name.millis == _in_proxy(r"hold \w+ (\S+)") + _in_proxy(r"timeout resolve (\S+)")


def test_the_pooler() -> None:
    settings = PostgresSettings.model_validate({"pooler": {}})
    assert settings.pooler is not None
    text = pgbouncer_ini(settings, settings.pooler, host="one")
    (retry,) = re.findall(r"^server_login_retry = (\d+)$", text, re.MULTILINE)
    (gone,) = re.findall(r"^tcp_user_timeout = (\d+)$", text, re.MULTILINE)
    counted = {one.name: one.millis for one in postgres(pooler={})["host lost"].timers}
    assert counted["pooler's login"] == int(retry) * 1000
    assert counted["pooler's connect"] == int(gone)
    paused = json.loads(text_of(registered("swarm", pooler={"pause": "3s"}), "main-pg-poolers-told"))
    (pause,) = (one for one in postgres(pooler={"pause": 3})["switchover"].timers if one.name == "pooler's pause")
    assert pause.millis == paused["seconds"] * 1000


def test_patroni() -> None:
    settings = PostgresSettings.model_validate({"failover": failover(40, 8, 6) | {"primary_start": 12}})
    rendered = dynamic_configuration(settings, major=None)
    counted = {one.name: one for promise in postgres(failover=failover(40, 8, 6) | {"primary_start": 12}).values()
               for one in promise.timers}  # fmt: skip
    assert {name: counted[name].millis // 1000 for name in ("ttl", "loop_wait", "primary_start")} == {
        "ttl": rendered["ttl"],
        "loop_wait": rendered["loop_wait"],
        "primary_start": rendered["primary_start_timeout"],
    }
    loss = postgres()["host lost"].loss
    assert loss.behind_bytes == rendered["maximum_lag_on_failover"]


def test_sentinel() -> None:
    texts = "\n".join(
        str(one.inputs.get("dataRaw", ""))
        for one in golden_registrations("prod-on-swarm")
        if one.name.startswith("jobs")
    )
    (down_after,) = re.findall(r"down-after-milliseconds main (\d+)", texts)
    (failover_timeout,) = re.findall(r"failover-timeout main (\d+)", texts)
    (lag,) = re.findall(r"min-replicas-max-lag (\d+)", texts)
    counted = {one.name: one.millis for one in redis()["host lost, first vote split"].timers}
    assert counted["down_after"] == int(down_after)
    assert counted["2 x failover_timeout"] == 2 * int(failover_timeout)
    assert redis()["host lost"].loss.bound == int(lag) * 1000 + 2000


def test_the_swarm() -> None:
    spec = _service("main-pg-0")["taskSpec"]
    assert isinstance(spec, dict)
    assert milliseconds(spec["restartPolicy"]["delay"]) == SWARM.restart_millis
    options = dict(option.split(":") for option in spec["containerSpec"]["dnsConfig"]["options"])
    assert int(options["timeout"]) * int(options["attempts"]) * 1000 == SWARM.look_up_millis


def test_a_look_up_asks_every_nameserver_as_often_as_its_options_say() -> None:
    asked = SwarmSettings.model_validate(
        {"kind": "swarm", "nodes": ["a"], "entry": "dns", "nameservers": ["10.0.0.1", "10.0.0.2"],
         "resolver_options": ["ndots:0"]}
    )  # fmt: skip
    assert asked.surroundings().look_up_millis == 5_000 * 2 * 2, "the C library's own: 5 s, twice"
