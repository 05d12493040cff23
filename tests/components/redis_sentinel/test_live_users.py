"""A real group whose servers know each application, and each part of the store, by a user of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, EVERYTHING, PORTS, Group
from tests.components.redis_sentinel.writer import Writer, written
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SESSION = {"role": "session", "members": COUNT}
APP = "app-web"
NOT_FOR_APPS = (
    ("config", "get", "maxmemory"),
    ("config", "set", "maxmemory", "0"),
    ("shutdown", "nosave"),
    ("flushall",),
    ("flushdb",),
    ("keys", "*"),
    ("acl", "list"),
    ("acl", "setuser", APP, "+@all"),
    ("replicaof", "no", "one"),
    ("client", "kill", "type", "normal"),
    ("client", "pause", "1000"),
    ("monitor",),
    ("psync", "?", "-1"),
    ("slowlog", "get"),
    ("eval", "return redis.call('keys', '*')", "0"),
)
REFUSALS = ("NOPERM", "NOAUTH", "WRONGPASS", "The user executing the script can't run this command")
Make = Callable[..., Group]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    made: list[Group] = []

    def group(settings: dict[str, Any], before: bool = False) -> Group:
        made.append(Group(tmp_path, settings))
        if before:
            _without_users(made[0])
        made[0].start_all()
        return made[0]

    try:
        yield group
    finally:
        for one in made:
            one.stop()


def _without_users(group: Group) -> None:
    """As the version before: one password for everybody, and nobody has a name."""
    for ordinal in range(COUNT):
        group.file("redis", ordinal, "auth.conf").write_text(f"requirepass {EVERYTHING}\nmasterauth {EVERYTHING}\n")
        group.file("redis", ordinal, "users.acl").unlink()
        group.file("sentinel", ordinal, "redis_password").write_text(EVERYTHING)
        auth = group.file("sentinel", ordinal, "auth.conf")
        kept = [line for line in auth.read_text().splitlines() if not line.startswith("sentinel auth-")]
        auth.write_text("\n".join([*kept, f"sentinel auth-pass main {EVERYTHING}", ""]))
    group.set("sentinel", "HA_USER", "default")


def refused(group: Group, member: int, command: tuple[str, ...], user: str, password: str) -> str:
    """The server's error; an assertion where it takes the command."""
    try:
        answer = group.ask("redis", member, *command, login=(user, password))
    except OSError as error:
        answer = str(error)
    assert any(word in answer for word in REFUSALS), f"{command}: {answer}"
    return answer


@pytest.mark.parametrize("default_user", ["parts", "off"])
def test_each_may_do_what_it_is_there_for(make: Make, default_user: str) -> None:
    group = make({**SESSION, "default_user": default_user})
    master = group.master()
    web = (APP, group.apps[APP])
    assert group.ask("redis", master, "set", "key", "1", login=web) == "OK"
    assert group.ask("redis", master, "eval", "return redis.call('get', 'key')", "0", login=web) == "1"
    assert "role:master" in group.ask("redis", master, "info", "replication", login=web), "clients ask for it"
    for command in NOT_FOR_APPS:
        refused(group, master, command, *web)
    refused(group, master, ("get", "key"), APP, "wrong")
    refused(group, master, ("get", "key"), "nobody", group.apps[APP])
    refused(group, master, ("get", "key"), "default", group.apps[APP])
    refused(group, master, ("get", "key"), APP, EVERYTHING)
    for user, command in (
        ("ha_probe", ("get", "key")),
        ("ha_probe", ("config", "get", "*")),
        ("ha_exporter", ("get", "key")),
        ("ha_exporter", ("config", "get", "*")),
        ("ha_sentinel", ("get", "key")),
        ("ha_sentinel", ("config", "set", "maxmemory", "0")),
        ("ha_member", ("get", "key")),
        ("ha_member", ("acl", "list")),
    ):
        refused(group, master, command, user, group.own[user])
    assert "redis_version" in group.ask("redis", master, "info", login=("ha_exporter", group.own["ha_exporter"]))
    if default_user == "off":
        refused(group, master, ("ping",), "default", EVERYTHING)


@pytest.mark.parametrize("default_user", ["parts", "off"])
def test_a_failover_and_a_hand_over_lose_nothing(make: Make, default_user: str) -> None:
    """Rewritten files and restarts included: a member comes back, and its file has no other password."""
    group = make({**SESSION, "default_user": default_user, "endpoint": True})
    group.start_proxy()
    master = group.master()
    group.ask("redis", master, "set", "key", "kept", login=(APP, group.apps[APP]))
    group.wait_whole()
    group.kill("redis", master)
    wait_for("another master", lambda: group.master((master + 1) % COUNT) != master, seconds=120)
    group.start("redis", master)
    group.wait_whole()
    group.wait_calm()
    group.wait_whole()
    writer = Writer(group, login=(APP, group.apps[APP]))
    writer.during(lambda: group.replace("redis"))
    print(f"no write for {writer.longest:.2f} s; {len(writer.acknowledged)} acknowledged")
    assert any("handed over" in group.log("redis", ordinal) for ordinal in range(COUNT))
    web = (APP, group.apps[APP])
    assert set(writer.acknowledged) <= written(group, login=web)
    wait_for("the plain address, too", lambda: group.ask("redis", 8, "get", "key", login=web) == "kept", seconds=120)
    group.kill_all()
    group.start_all()


def test_a_group_of_the_version_before_goes_on(make: Make) -> None:
    """Its one password works for clients, replicas and Sentinels until everything has been replaced; `off` then ends
    it. A client writes all the time, first with the old password and then as the application."""
    group = make(SESSION, before=True)
    old = ("default", EVERYTHING)
    writer = Writer(group, login=old)
    group.change(SESSION)
    writer.during(lambda: group.replace(*PORTS))
    print(f"to users: no write for {writer.longest:.2f} s; {len(writer.acknowledged)} acknowledged")
    web = (APP, group.apps[APP])
    assert set(writer.acknowledged) <= written(group, login=web)
    group.ask("redis", group.master(), "del", "written", login=web)
    group.change({**SESSION, "default_user": "off"})
    later = Writer(group, login=web)
    later.during(lambda: group.replace(*PORTS))
    print(f"to off: no write for {later.longest:.2f} s; {len(later.acknowledged)} acknowledged")
    assert set(later.acknowledged) <= written(group, login=web)
    for ordinal in range(COUNT):
        refused(group, ordinal, ("ping",), *old)


def test_the_default_user_is_not_switched_off_while_a_peer_needs_it(make: Make) -> None:
    group = make(SESSION, before=True)
    replica = (group.master() + 1) % COUNT
    group.change({**SESSION, "default_user": "off"})
    group.stop_one("redis", replica)
    group.start("redis", replica)
    wait_for("it says why", lambda: "does not know the user ha_member" in group.log("redis", replica), seconds=120)
