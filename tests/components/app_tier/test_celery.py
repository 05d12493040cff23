"""Celery's workers: what follows from the settings, what is mounted, and what is refused by path."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.app_tier import AppTier
from components.app_tier.pools import pools
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract, Terms
from components.kind import Part
from components.rabbitmq.contract import broker_terms, external_terms
from components.redis_sentinel.contract import sentinel_terms
from composition.read import check
from guarantees.connections import Pool
from model import ExecCheck, Origin, Workload
from settings.faults import BrokenStack
from tests.components.app_tier.test_app_component import IMAGE
from tests.components.recorder import Recorder, recorded

USES = {"jobs": {"prefix": "CELERY", "preset": "celery"}}
WORKER = {"queues": ["mail", "reports"], "time_limit": "10m"}
APP = {"image": "registry.example.com/x/app:1.0.0", "uses": USES, "celery": {"app": "shop.worker", "worker": WORKER}}


def settings(**change: Any) -> AppTierSettings:
    return AppTierSettings.model_validate(APP | change)


def celery(**change: Any) -> dict[str, Any]:
    return {"app": "shop.worker", "worker": WORKER | change}


def test_command_and_checks_follow() -> None:
    made = settings(probes={"timeout": "10s"}, longest_request="5m")
    assert made.command == ("python3", "/etc/ha-celery", "worker")
    assert made.probes.command == made.probes.live.command == ("python3", "/etc/ha-celery", "alive")
    assert (made.probes.timeout, made.probes.interval, made.probes.start) == (10, 15, 120)
    assert made.probes.live_failures == 6, "a check of the worker alone: no broker is asked"


def test_another_interpreter() -> None:
    assert settings(celery=celery() | {"python": "/app/.venv/bin/python"}).command == (
        "/app/.venv/bin/python", "/etc/ha-celery", "worker"
    )  # fmt: skip


def test_settings_of_a_program_follow_too() -> None:
    made = settings()
    again = AppTierSettings.model_validate({key: getattr(made, key) for key in made.model_fields_set})
    assert again == made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"celery": celery(visibility_timeout="10m")}, r"`visibility_timeout` \(600s\) must be longer than"),
        ({"celery": celery(visibility_timeout="15m", prefetch=2)}, r"`prefetch` x `time_limit` \(1200s\)"),
        ({"celery": celery(queues=["a", "a"])}, "names one twice"),
        ({"celery": celery(queues=[])}, "at least 1 item"),
        ({"celery": celery(queues=["a,b"])}, "pattern"),
        ({"celery": {"app": "shop.worker", "worker": {}}}, "time_limit"),
        ({"celery": celery() | {"app": "shop worker"}}, "pattern"),
        ({"uses": {"jobs": "CELERY"}}, "needs one broker"),
        ({"uses": USES | {"more": {"prefix": "MORE", "preset": "celery"}}}, "which of them"),
        ({"celery": celery() | {"broker": "other"}}, r"`celery.broker` \(other\) is not in `uses`"),
        ({"command": ["celery"]}, "remove `command`"),
        ({"args": ["-v"]}, "remove `command` and `args`"),
        ({"probes": {"command": ["celery", "inspect", "ping"]}}, "remove `probes.command`"),
        ({"probes": {"live": {"command": ["true"]}}}, "remove `probes.command`"),
        ({"port": 8000}, "answers no requests"),
        ({"env": {"REMAP_SIGTERM": "SIGQUIT"}}, "has no effect"),
    ],
)
def test_what_a_worker_cannot_be(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**change)


def test_one_of_two_brokers() -> None:
    settings(uses=USES | {"more": {"prefix": "MORE", "preset": "celery"}}, celery=celery() | {"broker": "more"})


def test_each_process_has_a_connection() -> None:
    made = settings(uses=USES | {"main": "DATABASE"}, celery=celery(concurrency=6), replicas=2)
    found = {pool.server: pool for pool in pools(Part("worker", Origin(key="apps", name="worker"), made))}
    assert found["main"] == Pool(
        client="worker", server="main", processes=3, each=6, key="uses.main.pool", assumed=True
    )


STORES: dict[str, Any] = {
    "redis": {"caches": {"jobs": {"role": "broker"}}},
    "evicting": {"caches": {"jobs": {"role": "cache"}}},
    "rabbitmq": {"brokers": {"jobs": {}}},
    "elsewhere": {"brokers": {"jobs": {"external": {"host": "mq.example.com", "user": "shop", "password": "mq"}}}},
}


def stack(store: dict[str, Any], **app: Any) -> dict[str, Any]:
    return {"platform": {"kind": "kubernetes"}, "apps": {"worker": APP | app}, **store}


def faults(document: dict[str, Any]) -> list[str]:
    try:
        check(document, source="x", secret_names=frozenset({"mq"}))
    except BrokenStack as broken:
        return [str(fault) for fault in broken.faults]
    return []


@pytest.mark.parametrize("store", ["redis", "rabbitmq", "elsewhere"])
def test_each_broker_is_taken(store: str) -> None:
    assert not faults(stack(STORES[store]))


def test_a_cache_that_evicts_is_no_broker() -> None:
    (said,) = faults(stack(STORES["evicting"]))
    assert "apps.worker.uses.jobs.preset: leads a queue into a `role: cache`" in said


def test_rabbitmq_has_no_visibility_timeout() -> None:
    (said,) = faults(stack(STORES["rabbitmq"], celery=celery(visibility_timeout="2h")))
    assert "apps.worker.celery.worker.visibility_timeout: is Redis's" in said


@pytest.mark.parametrize("store", ["rabbitmq", "elsewhere"])
def test_rabbitmq_takes_back_what_runs_too_long(store: str) -> None:
    said = faults(stack(STORES[store], celery=celery(time_limit="15m", prefetch=2)))
    assert len(said) == 2, "of each queue"
    assert "apps.worker.celery.worker.time_limit" in said[0]
    assert "unacknowledged for 30m, and `jobs` takes it back after 30m" in said[0]
    assert not faults(stack(STORES["redis"], celery=celery(time_limit="15m", prefetch=2)))


def test_a_policy_gives_more_time() -> None:
    policy = {"pattern": "^(mail|reports)$", "definition": {"consumer-timeout": 7_200_000}}
    broker = {"brokers": {"jobs": {"vhosts": {"app": {"policies": {"long": policy}}}}}}
    assert not faults(stack(broker, celery=celery(time_limit="1h")))


def test_fewer_connections_than_processes() -> None:
    uses = USES | {"main": {"prefix": "DATABASE", "pool": 3}}
    database = {"databases": {"main": {"database": "shop", "owner": "shop"}}}
    (said,) = faults(stack(STORES["redis"] | database, uses=uses))
    assert "apps.worker.uses.main.pool: is fewer than `celery.worker.concurrency` (4)" in said


DEAD = {
    "queues": {
        "mail": {"arguments": {"x-dead-letter-exchange": "dead"}},
        "reports": {},
        "buried": {},
        "later": {"arguments": {"x-message-ttl": 1000, "x-dead-letter-exchange": "amq.direct"}},
    },
    "exchanges": {"dead": {"type": "fanout"}},
    "bindings": [{"exchange": "dead", "queue": "buried"}],
}


def test_a_queue_that_no_worker_consumes() -> None:
    assert not faults(stack({"brokers": {"jobs": {"vhosts": {"app": DEAD}}}})), "dead letters are for people"
    (said,) = faults(stack({"brokers": {"jobs": {"vhosts": {"app": DEAD}}}}, celery=celery(queues=["mail"])))
    assert "brokers.jobs.vhosts.app.queues.reports: is consumed by no worker" in said
    assert "Consumed are mail." in said


def test_another_library_may_consume_it() -> None:
    document = stack({"brokers": {"jobs": {"vhosts": {"app": DEAD}}}}, celery=celery(queues=["mail"]))
    document["apps"]["mailer"] = {"image": "registry.example.com/x/mailer:1", "port": 80, "uses": {"jobs": "BROKER"}}
    assert not faults(document)


def test_a_queue_of_another_type() -> None:
    queues = {"mail": {"type": "classic"}, "reports": {}}
    (said,) = faults(stack({"brokers": {"jobs": {"vhosts": {"app": {"queues": queues}}}}}))
    assert "apps.worker.celery.worker.queues: names a classic queue of `jobs`" in said


def test_what_is_mounted() -> None:
    for terms, transport, quorum in (
        (sentinel_terms(3, endpoint=False, named=True), "redis", False),
        (broker_terms(3), "amqp", True),
        (external_terms(None), "amqp", False),
    ):
        platform = mounted(terms)
        word, beside = platform.one(Workload, "worker"), platform.one(Workload, "worker-celery")
        paths = {file.path for file in word.container.files if file.path.startswith("/etc/ha-celery")}
        assert {
            "/etc/ha-celery/celery.json",
            "/etc/ha-celery/__main__.py",
            "/etc/ha-celery/ha_celery/drain.py",
        } <= paths
        told = json.loads(platform.texts["worker-celery-json"])
        assert (told["transport"], told["quorum"], told["prefix"]) == (transport, quorum, "CELERY")
        assert told["visibility_timeout"] == 3600
        assert word.container.stop.grace_seconds == 30 + 15, "tasks are given back before the kill"
        assert isinstance(word.probes.live.check, ExecCheck)
        assert beside.container.command == ("python3", "/etc/ha-celery", "exporter")
        assert [(port.name, port.number) for port in beside.ports] == [("metrics", told["metrics_port"])]
        assert beside.container.files == word.container.files


def mounted(terms: Terms, **app: Any) -> Recorder:
    """What the worker says, with a broker of these terms."""

    def build(platform: Recorder) -> AppTier:
        contract = ClientContract(terms=terms, values=dict.fromkeys(terms.facts, "x"))
        return AppTier(
            "worker", settings(**app), platform=platform, image=IMAGE, contracts={"jobs": contract}, given={}
        )

    return recorded(build, type_="ha-platform:app:AppTier")[1]
