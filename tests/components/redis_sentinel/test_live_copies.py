"""Copies of a real group in a real S3 server: taken under writes, tried, and restored when all volumes are lost."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.copied import CopiedGroup
from tests.components.redis_sentinel.redis_members import COUNT
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs
from tests.loopback import own_network
from tests.s3_server import S3Server

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
S3_ADDRESS = f"{own_network()}.200"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    made = S3Server(tmp_path_factory.mktemp("s3"), S3_ADDRESS)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(params=[pytest.param({"tls": {"clients": "required"}}, id="encrypted")])
def group(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> Iterator[CopiedGroup]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", "pgbackrest", packages="Debian packages")
    made = CopiedGroup(tmp_path, {"role": "session", "members": COUNT, **request.param}, server)
    try:
        made.start_all()
        yield made
    finally:
        made.stop()


def fill(group: CopiedGroup) -> None:
    """A key of each type, in two databases, one with an end, and a function."""
    master = group.master()
    for words in (
        ("set", "text", "value"), ("set", "ends", "soon", "ex", "3600"), ("rpush", "list", "a", "b", "c"),
        ("hset", "hash", "field", "1"), ("zadd", "sorted", "1.5", "one"), ("sadd", "set", "x", "y"),
        ("xadd", "stream", "1-1", "field", "value"), ("xgroup", "create", "stream", "readers", "0"),
        ("setbit", "bits", "70000", "1"), ("-n", "3", "set", "elsewhere", "3"),
        ("function", "load", "#!lua name=own\nredis.register_function('three', function() return 3 end)"),
    ):  # fmt: skip
        group.ask("redis", master, *words)


def content(group: CopiedGroup) -> dict[str, str]:
    """Everything of it, without what the writer writes."""
    master = group.master()
    return {
        " ".join(words): group.ask("redis", master, *words)
        for words in (
            ("get", "text"), ("get", "ends"), ("lrange", "list", "0", "-1"), ("hgetall", "hash"),
            ("zrange", "sorted", "0", "-1", "withscores"), ("sismember", "set", "y"), ("bitcount", "bits"),
            ("xrange", "stream", "-", "+"), ("xinfo", "groups", "stream"), ("-n", "3", "get", "elsewhere"),
            ("fcall", "three", "0"),
        )
    }  # fmt: skip


def lose_everything(group: CopiedGroup) -> None:
    for ordinal in range(COUNT):
        group.lose("sentinel", ordinal)
        group.lose("redis", ordinal)
    group.start_all()


def newest(group: CopiedGroup) -> dict[str, Any]:
    found: dict[str, Any] = group.copies()["copies"][-1]
    return found


def test_a_group_that_lost_all_volumes_has_its_keys_back(group: CopiedGroup, server: S3Server) -> None:
    fill(group)
    before = content(group)
    writer = Writer(group)

    def first() -> None:
        group.start_copier()
        wait_for(
            "the first copy is verified",
            lambda: group.copies()["copies"][-1:] and newest(group)["verified"],
            seconds=120,
        )

    writer.during(first)
    one = newest(group)
    assert one["facts"]["primary"] is False, "a replica is copied"
    assert one["facts"]["from"] != group.address(group.master())
    assert group.field("sentinel", 0, "master0").endswith(f"slaves={COUNT - 1},sentinels={COUNT}")
    told = group.metrics()
    assert told["ha_backup_overdue_seconds"] == 0
    assert abs(told["ha_backup_last_verified_timestamp_seconds"] - time.time()) < 120
    assert told["ha_backup_last_bytes"] == one["bytes"] > 100

    there = written(group)
    code, said = group.order("restore", "latest", "")
    assert code == 1, "there is live data"
    assert "would be lost: say OVERWRITE" in said
    assert written(group) == there

    # A second one, of which a byte is then another in the repository.
    code, said = group.order("take")
    assert (code, said[-8:]) == (0, "verified"), said
    second = newest(group)
    assert second["label"] > one["label"]
    lose_everything(group)
    assert group.ask("redis", group.master(), "dbsize") == "0"
    server.spoil(f"prod/copies/sessions/{second['label']}", "data")
    code, said = group.order("restore", "latest", "")
    assert code == 1
    assert f"{second['label']} cannot be restored" in said
    assert f"the one before it is TO={one['label']}" in said
    assert group.ask("redis", group.master(), "dbsize") == "0", "nothing of the broken one came in"
    assert group.metrics()["ha_backup_verify_failed"] == 1

    code, said = group.order("restore", one["label"], "")
    assert code == 0, said
    assert content(group) == before
    assert written(group) <= there
    assert 3500 < int(group.ask("redis", group.master(), "ttl", "ends")) <= 3600
    group.wait_whole()
    replica = next(ordinal for ordinal in range(COUNT) if ordinal != group.master())
    assert group.ask("redis", replica, "get", "text") == "value"

    # Over live data: what was there is copied first.
    group.ask("redis", group.master(), "set", "text", "new")
    group.ask("redis", group.master(), "set", "more", "new")
    code, said = group.order("restore", one["label"], "overwrite")
    assert code == 0, said
    assert group.ask("redis", group.master(), "get", "text") == "value"
    assert group.ask("redis", group.master(), "exists", "more") == "0"
    undo = said.rsplit(" ", 1)[1]
    assert undo == newest(group)["label"] > second["label"]
    code, said = group.order("restore", undo, "overwrite")
    assert code == 0, said
    assert group.ask("redis", group.master(), "get", "more") == "new"
