"""Data whose owner leaves the stack file: refused by name, unless the stack gives it up."""

import copy
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError
from cli.owners import check_owners
from cli.platforms import operations
from cli.stack_file import StackFile
from composition.compose import compose
from composition.kinds import keepers
from composition.read import StackInput, check
from composition.stack import Stack
from tests.mock_engine import render
from tests.stacks.fixtures import GOOD, secret_values_of, settings_of

APP = {"image": "registry.example.com/files:1.0.0", "run_as": {"uid": 5, "gid": 5}, "port": 8000, "replicas": 1}
PLATFORMS: dict[str, dict[str, Any]] = {
    "swarm": {"kind": "swarm", "nodes": ["a"], "entry": "dns"},
    "kubernetes": {"kind": "kubernetes"},
}


def document(platform: str) -> dict[str, Any]:
    """A stack with everything that keeps data."""
    shared: dict[str, Any] = {"size": "1Gi", "storage_class": "files"}
    if platform == "swarm":
        shared = {"size": "1Gi", "driver": "local"}
    return {
        "platform": PLATFORMS[platform],
        "volumes": {"media": shared},
        "databases": {"main": {"members": 1}},
        "caches": {"jobs": {"role": "broker", "members": 1}},
        "apps": {
            "files": {**APP, "volumes": {"/data": "1Gi"}},
            "web": {**APP, "shared_volumes": {"/media": "media"}, "migrations": {"command": ["migrate"]}},
        },
    }


def settings(stack: dict[str, Any], secrets: frozenset[str] = frozenset()) -> Stack:
    return check(stack, source="test", secret_names=secrets)


def state(stack: Stack, secrets: dict[str, Any]) -> list[dict[str, Any]]:
    """As an engine records what the stack registers."""
    found = render(lambda _: compose(StackInput(source="test", stack=stack, secrets=secrets), stack_name="shop"))
    return [
        {
            "type": one.type,
            "inputs": one.inputs,
            "id": f"{(one.inputs.get('metadata') or {}).get('namespace')}/{one.name}",
        }
        for one in found
        if one.custom
    ]


def told(old: dict[str, Any], new: dict[str, Any], capsys: pytest.CaptureFixture[str] | None = None) -> list[str]:
    """The lines of the refusal; with `capsys` those of the warnings, where nothing is refused."""
    on = operations(StackFile(name="shop", path=Path("s.yaml"), document=new))
    deployed = list(on.owned(state(settings(old), {})))
    if capsys:
        check_owners(settings(new), deployed)
        return capsys.readouterr().err.splitlines()
    with pytest.raises(CommandError) as refused:
        check_owners(settings(new), deployed)
    return str(refused.value).splitlines()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_kinds_say_that_they_keep_is_what_they_render(path: Path) -> None:
    stack, secrets = settings_of(path)
    typed = settings(stack, secrets)
    given = StackFile(name="shop", path=path, document=stack)
    owned = list(operations(given).owned(state(typed, secret_values_of(path))))
    owners = {one.owner for one in owned}
    assert owners <= set(keepers(typed))
    assert all(path.startswith("volumes.") for path in set(keepers(typed)) - owners), "on a file server"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_stays_has_its_owner(platform: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(document(platform), document(platform), capsys) == []
    more = document(platform)
    more["databases"] |= {"other": {"members": 1}}
    assert told(document(platform), more, capsys) == []


@pytest.mark.parametrize(
    ("platform", "volumes"),
    [
        ("swarm", "volume shop-jobs-redis-0 on a, volume shop-jobs-sentinel-0 on a"),
        ("kubernetes", "claim data-jobs-redis-0 of namespace ha-platform-shop, claim data-jobs-sentinel-0 of namespace "
                       "ha-platform-shop"),
    ],
)  # fmt: skip
def test_a_store_that_leaves_is_refused_with_what_stays_behind(platform: str, volumes: str) -> None:
    new = document(platform)
    del new["caches"]
    assert told(document(platform), new) == [
        "ha-platform:stack.caches.jobs: is not in the stack file any more, and nobody would have its data: "
        f"{volumes} would stay behind. Put it back.",
        "If the data may be lost, set `abandon_data: [caches.jobs]` in the stack.",
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_name_does_not_take_the_data_along(platform: str) -> None:
    new = document(platform)
    new["databases"] = {"primary": new["databases"]["main"]}
    problem, fix = told(document(platform), new)
    assert "stack.databases.main: is not in the stack file any more" in problem
    assert "databases.primary would start empty: data does not follow a new name. Put it back." in problem
    assert "abandon_data: [databases.main]" in fix


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_application_that_is_still_there_and_keeps_nothing_is_refused(platform: str) -> None:
    new = document(platform)
    del new["apps"]["files"]["volumes"]
    new["databases"]["main"] = {"external": {"host": "db.example.com", "database": "x", "user": "x", "password": "p"}}
    with_secret = check(new, source="test", secret_names=frozenset({"p"}))
    on = operations(StackFile(name="shop", path=Path("s.yaml"), document=new))
    with pytest.raises(CommandError) as refused:
        check_owners(with_secret, on.owned(state(settings(document(platform)), {})))
    lines = str(refused.value).splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "ha-platform:stack.apps.files: keeps no data any more",
        "ha-platform:stack.databases.main: keeps no data any more",
        "If the data may be lost",
    ]
    assert "abandon_data: [apps.files, databases.main]" in lines[-1]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_shared_volume_that_leaves_is_refused_unless_another_is_meant(
    platform: str, capsys: pytest.CaptureFixture[str]
) -> None:
    new = document(platform)
    new["volumes"] = {"photos": new["volumes"].pop("media")}
    new["apps"]["web"]["shared_volumes"] = {"/media": "photos"}
    problem, _ = told(document(platform), new)
    assert "stack.volumes.media: is not in the stack file any more" in problem
    new["apps"]["web"]["shared_volumes"] = {"/media": {"volume": "photos", "instead_of": "media"}}
    (line,) = told(document(platform), new, capsys)
    assert "stack.volumes.media: its data is ABANDONED, as the stack says." in line


def test_a_file_server_has_its_data_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = document("swarm"), document("swarm")
    options = {"type": "nfs", "o": "addr=10.0.0.5", "device": ":/f"}
    old["volumes"]["media"] |= {"options": options}
    del new["volumes"], new["apps"]["web"]["shared_volumes"]
    assert told(old, new, capsys) == []


def test_what_is_given_up_is_said_with_the_command_that_removes_it(capsys: pytest.CaptureFixture[str]) -> None:
    new = {**document("swarm"), "abandon_data": ["caches.jobs"]}
    del new["caches"]
    (line,) = told(document("swarm"), new, capsys)
    assert "stack.caches.jobs: its data is ABANDONED, as the stack says." in line
    assert "volume shop-jobs-redis-0 on a stays behind (`docker volume rm shop-jobs-redis-0` removes it)" in line
    assert "is not in" in told(document("swarm"), {**new, "databases": {}})[0], "and no other data"


def test_what_goes_with_its_owner_is_said_to_go(capsys: pytest.CaptureFixture[str]) -> None:
    old = {**document("kubernetes"), "data": "delete"}
    new = copy.deepcopy(old)
    del new["caches"]
    assert "claim data-jobs-redis-0 of namespace ha-platform-shop, claim data-jobs-sentinel-0 of namespace " \
           "ha-platform-shop would be DELETED, as `data: delete` says." in told(old, new)[0]  # fmt: skip
    (line,) = told(old, {**new, "abandon_data": ["caches.jobs"]}, capsys)
    assert "will be DELETED, as `data: delete` says." in line


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_nobody_misses_is_no_data(platform: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The restore drill's volume, and what the clocks of schedules and dumps remember."""
    secrets = frozenset({"s3_key", "s3_secret"})
    s3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}
    old = document(platform) | {"images": {"source": "sandbox"}, "repositories": {"offsite": {"s3": s3}}}
    old["databases"]["main"] |= {"backups": {"repositories": ["offsite"]}, "dumps": {"repository": "offsite"}}
    old["apps"]["web"]["schedules"] = {"tidy": {"command": ["tidy"], "at": "0 3 * * *"}}
    on = operations(StackFile(name="shop", path=Path("s.yaml"), document=old))
    deployed = state(settings(old, secrets), dict.fromkeys(secrets, "x"))
    assert any("main-pg-verify" in str(one["inputs"]) for one in deployed)
    assert any("web-tidy-clock" in str(one["inputs"]) for one in deployed)
    check_owners(settings(old, secrets), on.owned(deployed))
    check_owners(settings(document(platform)), on.owned(deployed))
    assert capsys.readouterr().err == ""


def test_a_repository_that_moves_says_which_volume_it_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = document("kubernetes"), document("kubernetes")
    for stack, name in ((old, "disks"), (new, "shelf")):
        stack["volumes"][name] = {"size": "1Gi", "storage_class": "files"}
        stack["repositories"] = {"offsite": {"volume": {"name": name}}}
    problem, _ = told(old, new)
    assert "stack.volumes.disks: is not in the stack file any more" in problem
    new["repositories"]["offsite"]["volume"]["instead_of"] = "disks"
    (line,) = told(old, new, capsys)
    assert "stack.volumes.disks: its data is ABANDONED, as the stack says." in line
