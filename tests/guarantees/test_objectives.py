"""Objectives that hold are silent; those that do not say what they miss, what it is made of and what helps."""

from typing import Any

from composition.promises import promised
from composition.read import check
from settings.faults import BrokenStack

PLATFORM = {"kind": "swarm", "nodes": ["a", "b", "c"], "entry": "dns"}
APP = {"web": {"image": "registry.example.com/x/web:1.0.0", "port": 8000, "uses": {"main": "DATABASE"}}}


def _stack(database: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"platform": PLATFORM, "apps": APP, "databases": {"main": database}, **more}


def _faults(stack: dict[str, Any]) -> list[str]:
    try:
        check(stack, source="x", secret_names=frozenset())
    except BrokenStack as broken:
        return [str(fault) for fault in broken.faults]
    return []


def test_what_is_promised_is_accepted() -> None:
    objectives = {"write_outage": "55s", "planned_outage": "6s", "lost_writes": 0}
    assert not _faults(_stack({"synchronous": True, "objectives": objectives}))
    assert not _faults(_stack({"synchronous": True}, objectives=objectives))


def test_a_missed_outage_names_its_timers_and_the_fix() -> None:
    (fault,) = _faults(_stack({"objectives": {"write_outage": "30s"}}))
    assert fault == (
        "ha-platform:stack.databases.main.objectives.write_outage: is missed: after `host lost` there may be no writes "
        "for 54 s (got 30s). It is made of, in seconds: store's election 2 + lease's extension 1.5 + ttl 30 + "
        "loop_wait 10 + silent member 2 + promotion 1 + look-up 1 + proxy's check 0.5 + connect 5 + client's retry 1. "
        "Lower `failover.ttl` or `failover.loop_wait`, or raise the objective."
    )


def test_the_fix_works() -> None:
    quick = {"ttl": "20s", "loop_wait": "5s", "retry_timeout": "5s", "primary_start": "10s"}
    assert not _faults(_stack({"failover": quick, "objectives": {"write_outage": "40s"}}))


def test_a_missed_loss_says_what_helps() -> None:
    (fault,) = _faults(_stack({"objectives": {"lost_writes": "5s"}}))
    assert fault.endswith(
        "is missed: after `host lost` may be lost: 1Mi of log, the writes of 10 s, on a host that is cut off the "
        "writes of 22 s (got 5s). Set `synchronous`."
    )
    assert not _faults(_stack({"synchronous": True, "objectives": {"lost_writes": "5s"}}))


def test_a_store_s_own_objective_stands_in_place_of_the_stack_s() -> None:
    wide = {"write_outage": "30s", "lost_writes": 0}
    own = {"synchronous": True, "objectives": {"write_outage": "60s"}}
    assert not _faults(_stack(own, objectives=wide))
    assert len(_faults(_stack({"objectives": {"write_outage": "60s"}}, objectives=wide))) == 1, "lost_writes is left"


def test_a_cache_that_keeps_nothing_is_not_judged_by_what_the_stack_may_lose() -> None:
    cache = {"pages": {"role": "cache"}}
    assert not _faults(_stack({"synchronous": True}, caches=cache, objectives={"lost_writes": 0}))
    own = {"pages": {"role": "cache", "objectives": {"lost_writes": 0}}}
    assert len(_faults(_stack({"synchronous": True}, caches=own))) == 1


def test_a_store_outside_the_stack_promises_nothing() -> None:
    outside = {"external": {"host": "db.example.com", "user": "app", "database": "app", "password": "key"}}
    stack = _stack(outside, objectives={"write_outage": "1s", "lost_writes": 0})
    assert "databases.main" not in promised(check(stack, source="x", secret_names=frozenset({"key"})))


def test_without_a_platform_nothing_is_judged() -> None:
    faults = _faults(_stack({"objectives": {"write_outage": "30s"}}) | {"platform": {"kind": "swarm"}})
    assert faults
    assert "is missed" not in " ".join(faults)


def test_a_store_s_own_are_judged_whatever_the_stack_s_may_be() -> None:
    broken = {"objectives": {"write_outage": "soon"}}
    faults = _faults(_stack({"objectives": {"write_outage": "30s"}}) | broken)
    assert sum("databases.main.objectives.write_outage: is missed" in fault for fault in faults) == 1


def test_with_backups_the_loss_of_everything_is_said_and_not_judged() -> None:
    kept = {"repositories": ["offsite"], "archive_timeout": "30s"}
    s3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "key", "secret": "secret"}
    stack = _stack(
        {"synchronous": True, "backups": kept, "objectives": {"lost_writes": 0, "write_outage": "55s"}},
        repositories={"offsite": {"s3": s3}},
        images={"source": "sandbox"},
    )
    stack["apps"] = {}
    settings = check(stack, source="x", secret_names=frozenset({"key", "secret"}))
    assert promised(settings)["databases.main"]["all volumes lost"] == {
        "no writes": "until it is restored (`make backups`: how long a drill took)",
        "lost": "the writes of 40 s",
    }
    settings.databases["main"].__dict__["backups"] = None
    assert "all volumes lost" not in promised(settings)["databases.main"]
