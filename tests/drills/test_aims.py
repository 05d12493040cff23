"""Who is hit: found in what members and Sentinels say of themselves."""

import json
from pathlib import Path

import pytest

from drills import brokers, caches, databases
from drills.faults.brokers import BrokerNodeKilled
from drills.faults.caches import RedisKilled
from drills.faults.databases import PostgresKilled, VolumeDeleted
from drills.faults.hosts import HostLost, HostLostWithPrimary
from sandbox.hosts.errors import HostError
from tests.drills.fake_site import FakeSite, Server

ROLES = {"main-pg-0": "sync_standby", "main-pg-1": "leader", "main-pg-2": "replica"}


class _Talking(FakeSite):
    """Each container has its member's name, on a host of the member's number; the first database member is silent."""

    def __init__(self, directory: Path, roles: dict[str, str]) -> None:
        super().__init__(directory, Server(), "http://127.0.0.1:1")
        words = ("main-pg", "main-etcd", "sessions-redis", "sessions-sentinel", "tasks-rabbitmq")
        self.containers = {f"{word}-{ordinal}": f"{word}-{ordinal}" for word in words for ordinal in range(3)}
        self.roles = roles
        self.healthy = 3

    def host_of(self, replica: str) -> int:
        return int(replica[-1])

    def run_in(self, replica: str, command: list[str]) -> str:
        line = " ".join(command)
        if replica == "main-pg-0":
            raise HostError("it does not answer")
        if "8008/cluster" in line:
            members = [{"name": name, "role": role, "state": "streaming"} for name, role in self.roles.items()]
            return json.dumps({"members": [*members, {"name": "main-pg-9", "role": "replica", "state": "stopped"}]})
        if "rabbitmqctl" in line:
            nodes = [f"'rabbit@live-tasks-rabbitmq-{ordinal}'" for ordinal in range(self.healthy)]
            return f"{{'rabbit@live-tasks-rabbitmq-1',[{','.join(nodes)}]}}\n"
        if "etcdctl" in line:
            return "x is healthy\n" * self.healthy + "x is unhealthy\n" * (3 - self.healthy)
        if "get-master-addr" in line:
            return "sessions-redis-2\n6379\n"
        if "info replication" in line:
            return "state=online,offset=1\nstate=online,offset=1\n"
        assert "info sentinel" in line
        return "master0:name=main,status=ok,address=x:6379,slaves=2,sentinels=3\n"


@pytest.fixture
def site(tmp_path: Path) -> _Talking:
    return _Talking(tmp_path, ROLES)


def test_the_next_member_is_asked_where_one_is_silent(site: _Talking) -> None:
    assert databases.roles(site) == ROLES
    assert databases.of_role(site, "leader") == 1
    databases.require_well(site)
    databases.require_store_well(site)
    brokers.require_well(site)
    caches.require_well(site)


def test_what_is_not_well_is_said(site: _Talking) -> None:
    site.healthy = 2
    with pytest.raises(LookupError, match="database's store: "):
        databases.require_store_well(site)
    with pytest.raises(LookupError, match="the queue: "):
        brokers.require_well(site)
    site.roles = {"main-pg-1": "leader", "main-pg-2": "replica"}
    with pytest.raises(LookupError, match="database: "):
        databases.require_well(site)
    with pytest.raises(LookupError, match="no member of the database is sync_standby"):
        databases.of_role(site, "sync_standby")
    del site.containers["main-pg-1"], site.containers["main-pg-2"]
    with pytest.raises(LookupError, match="no member of the database answers"):
        databases.roles(site)


def test_the_primary_the_standby_and_the_master_are_hit(site: _Talking) -> None:
    for fault, hit in (
        (PostgresKilled(site), "main-pg-1"),
        (VolumeDeleted(site), "main-pg-0"),
        (RedisKilled(site), "sessions-redis-2"),
        (BrokerNodeKilled(site), "tasks-rabbitmq-1"),
    ):
        fault.aim()
        assert fault.hit == {hit}
        assert fault.well()
        with pytest.raises(LookupError, match="still runs: 1 of 1"):
            fault.healed()
        fault.inject()
        assert hit not in site.running()
        site.containers[hit] = hit


def test_the_host_of_the_primary_is_lost_or_another_one(site: _Talking) -> None:
    lost = HostLostWithPrimary(site)
    lost.aim()
    other = HostLost(site)
    other.aim()
    assert (lost.host, other.host) == (1, 2)
