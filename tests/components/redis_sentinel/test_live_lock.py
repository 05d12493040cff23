"""Locks that processes share, as redis-py takes them, in a real group that loses its master, and then everything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.sentinel import Sentinel

from components.redis_sentinel.settings import RedisSettings
from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
LOCKS = {"role": "lock", "members": COUNT}
APP = "app-web"


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    one = Group(tmp_path, LOCKS)
    try:
        one.start_all()
        yield one
    finally:
        one.stop()


def _client(group: Group) -> Any:
    """As an application that uses the preset."""
    facts = {f"sentinel_{one + 1}": group.address(one) for one in range(COUNT)}
    facts |= {"sentinel_port": str(PORTS["sentinel"]), "sentinel_password": group.passwords["sentinel"]}
    facts |= {"user": APP, "password": group.apps[APP], "socket_timeout": "30", "master_name": "main"}
    given = RedisSettings.model_validate(LOCKS).terms().presets["redis-py"]
    options = json.loads(given["_OPTIONS"].format(**facts))
    sentinels = Sentinel(**options)  # type: ignore[no-untyped-call]
    return sentinels.master_for(given["_MASTER_NAME"].format(**facts))  # type: ignore[no-untyped-call]


def _taken(client: Any) -> bool:
    """Whether another process finds it held; an OSError while nobody tells."""
    try:
        return not client.lock("report", timeout=60).acquire(blocking=False)
    except redis.RedisError as error:
        raise OSError(error) from error


def test_a_lock_outlives_its_master_and_a_restart_of_everything(group: Group) -> None:
    client = _client(group)
    with client.client() as one:
        first = one.lock("report", timeout=600)
        assert first.acquire(blocking=False)
        wait_for("a replica has it", lambda: one.wait(1, 1000) >= 1, seconds=120)
    held = client.lock("report")
    held.local.token = first.local.token
    assert _taken(client)
    master = group.master()
    group.kill("redis", master)
    wait_for("another master", lambda: group.master((master + 1) % COUNT) != master, seconds=120)
    wait_for("it answers, and the lock is held", lambda: _taken(client), seconds=120)
    group.start("redis", master)
    group.wait_whole()
    group.kill_all()
    for server in PORTS:
        for ordinal in range(COUNT):
            group.start(server, ordinal)
    group.wait_whole()
    wait_for("the lock is held", lambda: _taken(client), seconds=120)
    held.release()
    assert not _taken(client), "who holds it lets go"
