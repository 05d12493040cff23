"""Another password for the applications of a cache: what is refused, what is registered, and who waits for whom."""

from functools import cache
from typing import Any

import pytest

from cli.errors import CommandError
from cli.fixed import check_fixed
from composition.read import check
from settings.faults import BrokenStack
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

APPS: dict[str, Any] = {
    "web": {"image": "registry.example.com/web:1", "port": 8000, "uses": {"jobs": "REDIS"}},
    "web-2": {"image": "registry.example.com/jobs:1", "port": 8001, "uses": {"jobs": "REDIS"}, "longest_request": "4m"},
    "other": {"image": "registry.example.com/other:1", "port": 8002},
}
ROTATED = "jobs-redis-rotated"
SERVERS = {"kubernetes": {"jobs-redis"}, "swarm": {"jobs-redis-0", "jobs-redis-1", "jobs-redis-2"}}
WORKLOADS = ("/service:Service", ":Deployment", ":Job", ":StatefulSet")


def document(platform: str, counter: int, **more: Any) -> dict[str, Any]:
    rotate = {"rotate": {"passwords": counter}} if counter else {}
    return {
        "platform": PLATFORMS[platform],
        "caches": {"jobs": {"role": "broker", "endpoint": True, **rotate, **more}},
        "apps": APPS,
    }


@cache
def registered(platform: str, counter: int, tls: bool = False) -> dict[tuple[str, str], Recorded]:
    """Of a stack with this counter; 0: it has none."""
    more = {"tls": {"clients": "required"}} if tls else {}
    return {(one.type, one.name): one for one in accepted(document(platform, counter, **more), secrets={})}


def value(platform: str, counter: int, name: str) -> str:
    return text([*registered(platform, counter).values()], name)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_first_counter_is_as_none(platform: str) -> None:
    assert registered(platform, 1) == registered(platform, 0)
    assert not [name for _, name in registered(platform, 0) if "rotat" in name]
    assert "rotat" not in value(platform, 0, "jobs-redis-users") + value(platform, 0, "jobs-redis-start")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_servers_know_both_and_applications_the_new_one(platform: str) -> None:
    for counter, user, password in ((1, "app-web", ""), (2, "app-web_2", ".2"), (3, "app-web_3", ".3")):
        assert value(platform, counter, "jobs-app-web-password") == f"generated-jobs-app-web{password}"
        assert value(platform, counter, "jobs-app-web-url").startswith(
            f"redis://{user}:generated-jobs-app-web{password}@"
        )
    lines = value(platform, 3, "jobs-redis-users").splitlines()
    users = {line.split()[1]: line.split()[3] for line in lines if " app-" in line}
    assert users == {
        f"app-{app}_{counter}": f">generated-jobs-app-{app}.{counter}" for app in ("web", "web-2") for counter in (2, 3)
    }
    assert "user app-web on >generated-jobs-app-web ~*" in value(platform, 2, "jobs-redis-users")
    auth = value(platform, 2, "jobs-redis-auth")
    assert "aclfile /etc/ha-redis/" not in auth, "the copy in the volume, which the server can write"
    assert "aclfile /etc/ha-redis/" in value(platform, 1, "jobs-redis-auth")


def test_who_takes_copies_is_there_in_the_middle_of_a_rotation() -> None:
    more = {
        "images": {"source": "sandbox"},
        "repositories": {
            "offsite": {"s3": {"endpoint": "10.0.0.9", "bucket": "copies", "key": "key", "secret": "key"}}
        },
    }
    found = accepted(document("swarm", 2, backups={"repository": "offsite"}) | more, secrets={"key": "k"})
    users = {line.split()[1] for line in text(found, "jobs-redis-users").splitlines()}
    assert {"ha_copies", "ha_rotation", "app-web", "app-web_2"} <= users


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_users_are_made_ready_under_the_volume_s_lock(platform: str) -> None:
    start = value(platform, 2, "jobs-redis-start")
    lock, users, server = (start.index(part) for part in ("flock --exclusive", "users.sh", "redis-server"))
    assert lock < users < server
    assert start.replace(". /etc/ha-redis/users.sh\n", "") == value(platform, 0, "jobs-redis-start")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_former_users_go_when_every_application_has_its_new_one(platform: str) -> None:
    every = [one for one in registered(platform, 2).values() if one.type.endswith(WORKLOADS)]
    depends = {one.name: {*one.depends_on} for one in every}
    assert {"web", "web-2", *SERVERS[platform]} <= depends[ROTATED]
    assert "other" not in depends[ROTATED]
    assert not [name for name, on in depends.items() if ROTATED in on and name != ROTATED]
    for app in ("web", "web-2"):
        assert SERVERS[platform] <= depends[app]


def test_the_job_is_told_whom_to_take_away() -> None:
    spec = registered("swarm", 3)["docker:index/service:Service", ROTATED].inputs["taskSpec"]["containerSpec"]
    assert spec["env"]["HA_ROTATED"] == "app-web_2:app-web_3 app-web-2_2:app-web-2_3"
    assert spec["env"]["HA_SECONDS"] == "375", "and four minutes for the last request"
    assert {one["fileName"] for one in spec["secrets"]} == {"/etc/ha-redis/rotation_password"}


def test_where_all_is_encrypted_so_is_the_job() -> None:
    found = registered("swarm", 2, tls=True)
    spec = found["docker:index/service:Service", ROTATED].inputs["taskSpec"]["containerSpec"]
    assert "/etc/ha-redis/ca.pem" in {one["fileName"] for one in spec["secrets"]}
    assert spec["env"]["HA_CLI"] == "redis-cli --tls --cacert /etc/ha-redis/ca.pem"
    for name in (f"{ROTATED}-retire", "jobs-redis-own-users"):
        script = text([*found.values()], name)
        assert ("redis-cli" in script, script.count("$HA_CLI ")) == (False, 1)


def test_a_counter_that_goes_back_is_refused_before_anything_changes() -> None:
    state = [{"type": one.type, "outputs": one.outputs} for one in registered("swarm", 3).values()]
    for counter, refused in ((4, False), (3, False), (2, True), (0, True)):
        stack = check(document("swarm", counter), source="test", secret_names=frozenset())
        if not refused:
            check_fixed(stack, state)
            continue
        with pytest.raises(
            CommandError, match=r"stack\.caches\.jobs\.rotate\.passwords: is [12], and was 3: the counter"
        ):
            check_fixed(stack, state)


@pytest.mark.parametrize(
    ("cache", "path", "rule"),
    [
        ({"role": "broker", "rotate": {"passwords": 0}}, "rotate.passwords", "should be greater than or equal to 1"),
        (
            {"role": "broker", "rotate": {"passwords": 2}, "default_user": "apps"},
            "",
            "needs a user for each application",
        ),
        (
            {"external": {"host": "r.example.com", "password": "key"}, "rotate": {"passwords": 2}},
            "",
            "`rotate`: for a store that",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(cache: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(BrokenStack) as refused:
        check(
            {"platform": PLATFORMS["swarm"], "caches": {"jobs": cache}}, source="test", secret_names=frozenset({"key"})
        )
    faults = {fault.path: fault.rule for fault in refused.value.faults}
    assert rule in faults[f"ha-platform:stack.caches.jobs{'.' if path else ''}{path}"], faults
