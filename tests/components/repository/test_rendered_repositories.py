"""Repositories of every kind, as both platforms render what uses them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components.context import Context
from composition.compose import compose
from composition.read import StackInput, check
from composition.rules import advice
from settings.faults import BrokenStack
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, text

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInAe5XYJoijDiiAlthxMi1H5IwD9AHWa9/+5tcYrqPi"
SECRETS: dict[str, Any] = {"vault_key": "-----BEGIN PRIVATE KEY-----\nMAtubyByZWFsIGtleQ==\n-----END PRIVATE KEY-----"}
SFTP = {
    "host": "192.0.2.30",
    "port": 2222,
    "user": "backups",
    "key": "vault_key",
    "host_keys": [f"{HOST_KEY} root@vault", "ssh-rsa AAAAB3NzaC1yc2E="],
    "path": "/srv/backups",
}
NFS = {"type": "nfs", "o": "addr=192.0.2.5,rw", "device": ":/exports/files"}
VOLUME: Mapping[str, dict[str, Any]] = {
    "swarm": {"size": "100Gi", "driver": "local", "options": NFS},
    "kubernetes": {"size": "100Gi", "storage_class": "files"},
}
ON_VAULT, ON_FILES = {"sftp": SFTP}, {"volume": {"name": "files"}}
MOUNTED = "/var/lib/ha-repositories/offsite"
USERS = {
    "swarm": ("main-pg-0", "main-pg-verify-0", "main-dumps-clock-0", "copy-pg-0", "sessions-copies", "tasks-copies"),
    "kubernetes": ("main-pg", "main-pg-verify", "main-dumps", "copy-pg", "sessions-copies", "tasks-copies"),
}
"""What takes, tries or restores backups."""
WORKLOADS = ("Service", "StatefulSet", "Deployment", "CronJob", "Job")


def document(kind: str, repository: dict[str, Any], **more: Any) -> dict[str, Any]:
    begins = {"database": "main", "repository": "offsite", "to": "latest"}
    return {
        "platform": PLATFORMS[kind],
        "images": {"source": "sandbox"},
        "volumes": {"files": VOLUME[kind]},
        "repositories": {"offsite": repository},
        "databases": {
            "main": {"backups": {"repositories": ["offsite"]}, "dumps": {"repository": "offsite"}},
            "copy": {"restore_from": begins},
        },
        "caches": {"sessions": {"role": "session", "backups": {"repository": "offsite"}}},
        "brokers": {"tasks": {"backups": {"repository": "offsite"}}},
    } | more


def rendered(kind: str, repository: dict[str, Any], **more: Any) -> list[Recorded]:
    stack = check(document(kind, repository, **more), source="repositories", secret_names=frozenset(SECRETS))
    given = StackInput(source="repositories", stack=stack, secrets=SECRETS)
    return render(lambda _: compose(given, stack_name="prod"))


def workload(found: list[Recorded], name: str) -> Recorded:
    """The one of this name."""
    (one,) = (one for one in found if one.name == name and one.type.rpartition(":")[2] in WORKLOADS and _runs(one))
    return one


def _runs(one: Recorded) -> bool:
    return "taskSpec" in one.inputs or "template" in str(one.inputs.get("spec"))


def pod(one: Recorded) -> dict[str, Any]:
    spec = one.inputs["spec"]
    spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    found: dict[str, Any] = spec["template"]["spec"]
    return found


def configurations(found: list[Recorded]) -> list[str]:
    """What pgBackRest is told, wherever it runs."""
    names = [one.name for one in found if one.name.endswith("-pgbackrest")]
    return [text(found, name) for name in names]


@pytest.mark.parametrize("kind", PLATFORMS)
def test_everybody_is_told_the_same_of_a_server_with_sftp(kind: str) -> None:
    found = rendered(kind, ON_VAULT)
    told = configurations(found)
    assert len(told) == len(USERS[kind])
    for one in told:
        lines = one.splitlines()
        for line in (
            "repo1-type=sftp",
            "repo1-path=/srv/backups/prod",
            "repo1-sftp-host=192.0.2.30",
            "repo1-sftp-host-port=2222",
            "repo1-sftp-host-user=backups",
            "repo1-sftp-host-key-check-type=strict",
            "repo1-cipher-type=aes-256-cbc",
            "repo1-cipher-pass=generated-offsite-passphrase",
        ):
            assert line in lines
        assert not [line for line in lines if "s3" in line or "storage-" in line]
    texts = {one.name: text(found, one.name) for one in found if one.name.endswith(("repo1-key", "repo1-known-hosts"))}
    assert len(texts) == 2 * len(told)
    known = f"[192.0.2.30]:2222 {HOST_KEY}\n[192.0.2.30]:2222 ssh-rsa AAAAB3NzaC1yc2E=\n"
    assert set(texts.values()) == {f"{SECRETS['vault_key']}\n", known}
    assert not [one for one in found if "onfig" in one.type and "PRIVATE KEY" in str(one.inputs)], "in secrets alone"


def test_on_swarm_the_files_are_where_pgbackrest_looks_for_them() -> None:
    found = rendered("swarm", ON_VAULT)
    for name, told in (("main-pg-0", "main-pg-backups-pgbackrest"), ("copy-pg-0", "copy-pg-from-pgbackrest")):
        options = dict(line.partition("=")[::2] for line in text(found, told).splitlines())
        mounted = {one["fileName"]: one for one in workload(found, name).inputs["taskSpec"]["containerSpec"]["secrets"]}
        for option in ("repo1-sftp-private-key-file", "repo1-sftp-known-host"):
            assert mounted[options[option]]["fileMode"] == 0o440, "readable by who runs pgBackRest alone"


def test_on_kubernetes_its_users_reach_the_server_and_nobody_else_does() -> None:
    found = rendered("kubernetes", ON_VAULT)
    policies = [one for one in found if one.type.endswith(":NetworkPolicy") and "2222" in str(one.inputs)]
    assert {one.name for one in policies} == set(USERS["kubernetes"])
    assert all("192.0.2.30/32" in str(one.inputs) for one in policies)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_its_users_mount_the_volume_and_nobody_else_does(kind: str) -> None:
    found = rendered(kind, ON_FILES)
    assert all(f"repo1-type=posix\nrepo1-path={MOUNTED}/prod\n" in one for one in configurations(found))
    mounts = set()
    for one in (each for each in found if each.type.rpartition(":")[2] in WORKLOADS and _runs(each)):
        if kind == "swarm":
            spec = one.inputs["taskSpec"]["containerSpec"]
            there = [each for each in spec.get("mounts", ()) if each["target"] == MOUNTED]
            assert not [each for each in there if each.get("readOnly") or not each["volumeOptions"]["driverOptions"]]
        else:
            (container,) = pod(one)["containers"]
            there = [each for each in container["volumeMounts"] if each["mountPath"] == MOUNTED]
            claims = [each.get("persistentVolumeClaim") for each in pod(one)["volumes"]]
            assert ({"claimName": "shared-files"} in claims) == bool(there)
        assert len(there) <= 1, "once, also where backups and the beginning are in one repository"
        mounts |= {one.name} if there else set()
    expected = set(USERS[kind])
    if kind == "swarm":
        expected |= {f"{name}-pg-{ordinal}" for name in ("main", "copy") for ordinal in (1, 2)}
    assert mounts == expected


@pytest.mark.parametrize("kind", PLATFORMS)
def test_what_mounts_it_is_watched(kind: str) -> None:
    """Another place at the same path has none of the backups."""
    found = rendered(kind, ON_FILES)
    for name in USERS[kind]:
        one = workload(found, name)
        assert any(hook.startswith("shared-") for hook in one.before_update), name
        recorded = json.dumps(one.inputs["labels"] if kind == "swarm" else one.inputs["metadata"]["annotations"])
        assert "ha-platform.shared-volumes" in recorded
        assert MOUNTED in recorded


def test_a_database_with_backups_begins_from_the_same_volume_once() -> None:
    databases = document("swarm", ON_FILES)["databases"]
    databases["copy"]["backups"] = {"repositories": ["offsite"]}
    found = rendered("swarm", ON_FILES, databases=databases)
    mounts = workload(found, "copy-pg-0").inputs["taskSpec"]["containerSpec"]["mounts"]
    assert [one["target"] for one in mounts].count(MOUNTED) == 1


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_server_that_waits_for_a_file_server_is_said(kind: str) -> None:
    def said(repository: dict[str, Any]) -> list[str]:
        stack = check(document(kind, repository), source="t", secret_names=frozenset(SECRETS))
        found = advice(Context(stack=stack, secret_names=frozenset(SECRETS)))
        return [fault.path for fault in found if "file server is away" in fault.rule]

    root = "ha-platform:stack.databases"
    assert sorted(said(ON_FILES)) == [f"{root}.copy.restore_from.repository", f"{root}.main.backups.repositories[0]"]
    assert said(ON_VAULT) == []


@pytest.mark.parametrize("kind", PLATFORMS)
def test_an_application_may_read_where_backups_are(kind: str) -> None:
    app: dict[str, Any] = {"image": "registry.example.com/app:1", "port": 8000}
    reader = {**app, "shared_volumes": {"/srv/in": {"volume": "files", "read_only": True}}}
    rendered(kind, ON_FILES, apps={"web": reader})
    with pytest.raises(BrokenStack, match=r"repositories\.offsite\.volume\.name: is a volume to which an application"):
        rendered(kind, ON_FILES, apps={"web": {**app, "shared_volumes": {"/srv/in": "files"}}})
