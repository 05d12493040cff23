"""A real group that encrypts everything: who verifies it, whom it refuses, and what a failover by TLS loses."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis

from drills.waiting import wait_for
from sandbox.app.redis_client import connect
from sandbox.app.settings import read_redis
from tests.components.certificates import Authority
from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group, Server
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PLAIN = {"role": "session", "members": COUNT, "endpoint": True}
SETTINGS = {**PLAIN, "tls": {"clients": "required"}}
ENDPOINT = 8


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", "haproxy", packages="Debian packages")
    one = Group(tmp_path, SETTINGS)
    try:
        one.start_all()
        one.start_proxy()
        yield one
    finally:
        one.stop()


def test_nobody_comes_in_without_it_and_nobody_passes_for_the_group(group: Group, tmp_path: Path) -> None:
    web = {"username": "app-web", "password": group.apps["app-web"], "socket_timeout": 30}
    addresses = [(group.address(one), port) for one in range(COUNT) for port in PORTS.values()]
    addresses.append((group.address(ENDPOINT), PORTS["redis"]))
    other = tmp_path / "other.pem"
    other.write_text(Authority.new().pem)
    for host, port in addresses:
        trust = ssl.create_default_context(cafile=str(group.ca))
        with (
            socket.create_connection((host, port), timeout=60) as raw,
            trust.wrap_socket(raw, server_hostname=host) as by,
        ):
            assert by.version() == "TLSv1.3"
        with pytest.raises(redis.ConnectionError):
            redis.Redis(host, port, **web).ping()  # type: ignore[arg-type]
        wrong = redis.Redis(host, port, ssl=True, ssl_ca_certs=str(other), **web)  # type: ignore[arg-type]
        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            wrong.ping()
        misnamed = ssl.create_default_context(cafile=str(group.ca))
        with (
            socket.create_connection((host, port), timeout=60) as raw,
            pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        ):
            misnamed.wrap_socket(raw, server_hostname="someone.else")
    by_the_plain_address = redis.Redis(
        group.address(ENDPOINT),
        ssl=True,
        ssl_ca_certs=str(group.ca),
        ssl_check_hostname=True,
        **web,  # type: ignore[arg-type]
    )
    assert by_the_plain_address.set("key", "1")


def test_the_sample_application_verifies_what_it_uses(group: Group, tmp_path: Path) -> None:
    """By what it is told alone: the variables and files of its contract."""
    other = tmp_path / "other.pem"
    other.write_text(Authority.new().pem)
    assert asyncio.run(_set_and_get(group, group.ca)) == "kept"
    with pytest.raises(redis.ConnectionError):
        asyncio.run(_set_and_get(group, other))
    with pytest.raises(redis.ConnectionError):
        asyncio.run(_set_and_get(group, None))


def test_a_killed_master_and_a_renewed_certificate_lose_nothing(group: Group) -> None:
    master, writer = group.master(), Writer(group)

    def fault() -> None:
        group.kill("redis", master)
        wait_for("another master", lambda: group.master((master + 1) % COUNT) != master, seconds=120)
        group.start("redis", master)
        group.wait_whole()
        group.wait_calm()

    writer.during(fault)
    print(f"killed: no write for {writer.longest:.2f} s; {len(writer.acknowledged)} acknowledged")
    assert set(writer.acknowledged) <= written(group)
    group.ask("redis", group.master(), "del", "written")
    later, before = Writer(group), _shown(group)
    group.renew()
    later.during(lambda: group.replace(*PORTS))
    assert len(before) == len(_shown(group)) == 1, "servers and Sentinels show the same"
    assert before != _shown(group)
    print(f"replaced: no write for {later.longest:.2f} s; {len(later.acknowledged)} acknowledged")
    assert set(later.acknowledged) <= written(group)
    assert any("handed over" in group.log("redis", ordinal) for ordinal in range(COUNT))
    wait_for("the plain address follows", lambda: group.ask("redis", ENDPOINT, "ping") == "PONG", seconds=120)


def test_what_members_say_to_each_other_is_encrypted(group: Group) -> None:
    """There is no other port to come to; and a replica that does not trust the master's authority follows nobody."""
    replica = (group.master() + 1) % COUNT
    assert {group.ask("redis", one, "config", "get", "port").split()[1] for one in range(COUNT)} == {"0"}
    group.stop_one("redis", replica)
    group.file("redis", replica, "ca.pem").write_text(Authority.new().pem)
    group.start("redis", replica)
    wait_for("it says why", lambda: re.search("certificate verify failed", group.log("redis", replica)), seconds=120)
    group.stop_one("redis", replica)
    assert group.ca
    group.file("redis", replica, "ca.pem").write_text(group.ca.read_text())
    group.start("redis", replica)
    group.wait_whole()


def test_a_group_that_began_without_it_goes_on_without(tmp_path: Path) -> None:
    """The first member that is replaced does not start, so the update ends there; the others serve."""
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    group = Group(tmp_path, PLAIN)
    try:
        group.start_all()
        group.ask("redis", group.master(), "set", "key", "kept")
        replica = (group.master() + 1) % COUNT
        for server in PORTS:
            group.stop_one(server, replica)
        group.change(SETTINGS)
        for server in PORTS:
            group.start(server, replica)
            wait_for("it says why", partial(_says_why, group, server, replica), seconds=120)
        assert group.ask("redis", group.master((replica + 1) % COUNT), "get", "key") == "kept"
        group.change(PLAIN)
        for server in PORTS:
            group.start(server, replica)
        group.wait_whole()
    finally:
        group.stop()


def _shown(group: Group) -> set[str]:
    """The certificates that the servers and Sentinels show."""
    return {ssl.get_server_certificate((group.address(one), port)) for one in range(COUNT) for port in PORTS.values()}


async def _set_and_get(group: Group, ca_file: Path | None) -> str:
    told = {
        "REDIS_SENTINELS": ",".join(f"{group.address(one)}:{PORTS['sentinel']}" for one in range(COUNT)),
        "REDIS_MASTER_NAME": "main",
        "REDIS_USER": "app-web",
        "REDIS_PASSWORD": group.apps["app-web"],
        "REDIS_SENTINEL_PASSWORD": group.passwords["sentinel"],
    } | ({"REDIS_CA_FILE": str(ca_file)} if ca_file else {})
    settings = read_redis(told)
    assert settings
    client = connect(settings)
    try:
        await client.set("key", "kept")
        return str(await client.get("key"))
    finally:
        await client.aclose()


def _says_why(group: Group, server: Server, ordinal: int) -> bool:
    return "this group began without encryption" in group.log(server, ordinal)
