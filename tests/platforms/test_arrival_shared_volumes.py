"""Shared volumes: from the stack file to the mounts, on both platforms."""

import json
from typing import Any

import pytest

from composition.compose import compose
from composition.read import StackInput, check
from sandbox.engine.providers.docker import DockerProvider
from sandbox.engine.values import format_path
from settings.faults import BrokenStack
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS

NFS = {"type": "nfs", "o": "addr=192.0.2.5,rw,nfsvers=4.1", "device": ":/exports/files"}
VOLUME: dict[str, dict[str, Any]] = {
    "kubernetes": {"size": "20Gi", "storage_class": "files"},
    "swarm": {"size": "20Gi", "driver": "local", "options": NFS},
}
APP: dict[str, Any] = {"image": "registry.example.com/app:1", "port": 8000, "shared_volumes": {"/srv/files": "files"}}
READER = {**APP, "shared_volumes": {"/srv/in": {"volume": "files", "read_only": True}}}


def document(kind: str, **change: Any) -> dict[str, Any]:
    return {"platform": PLATFORMS[kind], "volumes": {"files": VOLUME[kind]}, "apps": {"web": APP}} | change


def registered(kind: str, **change: Any) -> list[Recorded]:
    stack = check(document(kind, **change), source="shared", secret_names=frozenset())
    return render(lambda _: compose(StackInput(source="shared", stack=stack, secrets={}), stack_name="t"), stack="t")


def of(records: list[Recorded], type_: str) -> dict[str, Recorded]:
    return {one.name: one for one in records if one.type.rpartition(":")[2] == type_}


def volumes_of(service: Recorded) -> list[dict[str, Any]]:
    return [one for one in service.inputs["taskSpec"]["containerSpec"]["mounts"] if one["type"] == "volume"]


def refused(kind: str, volume: dict[str, Any], **change: Any) -> list[str]:
    with pytest.raises(BrokenStack) as broken:
        registered(kind, volumes={"files": volume}, **change)
    return [str(fault).removeprefix("ha-platform:stack.") for fault in broken.value.faults]


@pytest.mark.parametrize("data", ["keep", "delete"])
def test_on_kubernetes_all_replicas_mount_one_claim_of_many_nodes(data: str) -> None:
    records = registered("kubernetes", data=data, apps={"web": APP, "reader": READER})
    (claim,) = of(records, "PersistentVolumeClaim").values()
    assert claim.inputs["metadata"]["name"] == "shared-files"
    assert claim.inputs["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "files",
        "resources": {"requests": {"storage": "20Gi"}},
    }
    assert bool(claim.retain_on_delete) == (data == "keep")
    mounts = {}
    for name, one in of(records, "Deployment").items():
        pod = one.inputs["spec"]["template"]["spec"]
        (volume,) = (each for each in pod["volumes"] if "persistentVolumeClaim" in each)
        assert volume == {"name": "shared-files", "persistentVolumeClaim": {"claimName": "shared-files"}}
        (mounts[name],) = (m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "shared-files")
    assert mounts == {
        "web": {"name": "shared-files", "mountPath": "/srv/files"},
        "reader": {"name": "shared-files", "mountPath": "/srv/in", "readOnly": True},
    }


def test_on_swarm_all_replicas_mount_one_volume_of_the_server() -> None:
    services = of(registered("swarm", apps={"web": APP, "reader": READER}), "Service")
    (web,), (reader,) = volumes_of(services["web"]), volumes_of(services["reader"])
    assert web["volumeOptions"]["driverOptions"] == NFS
    assert (web["target"], web.get("readOnly")) == ("/srv/files", None)
    assert (reader["target"], reader["readOnly"]) == ("/srv/in", True)
    assert web["source"] == reader["source"], "one volume on each host"
    assert web["volumeOptions"] == reader["volumeOptions"], "whoever comes first makes it alike"
    assert web["volumeOptions"]["noCopy"] is True, "the server says who owns its files"
    assert "labels" not in web["volumeOptions"], "another one would replace the service, and nobody would watch"


def test_on_one_host_a_local_volume_takes_the_owner_of_the_image() -> None:
    one_host = {"kind": "swarm", "nodes": ["host1"], "entry": "single-host"}
    local = {"size": "1Gi", "driver": "local"}
    services = of(registered("swarm", platform=one_host, volumes={"files": local}), "Service")
    (mount,) = volumes_of(services["web"])
    assert mount["volumeOptions"]["noCopy"] is False
    assert mount["volumeOptions"]["driverName"] == "local"


def test_with_other_options_it_is_another_volume_on_every_host() -> None:
    def source(options: dict[str, str]) -> str:
        volume = {"size": "1Gi", "driver": "local", "options": options}
        (mount,) = volumes_of(of(registered("swarm", volumes={"files": volume}), "Service")["web"])
        return str(mount["source"])

    assert source(NFS) == source(dict(reversed(NFS.items())))
    assert source(NFS) != source({**NFS, "device": ":/exports/others"})


@pytest.mark.parametrize(
    "before", [{}, {"/srv/files": "others"}, {"/srv/files": {"volume": "files", "read_only": True}}]
)
def test_a_changed_volume_is_an_update_which_is_watched(before: dict[str, Any]) -> None:
    """A replaced service would be away meanwhile, and hooks look at updates alone."""
    volumes = {"files": VOLUME["swarm"], "others": {**VOLUME["swarm"], "options": {**NFS, "device": ":/others"}}}

    def service(mounted: dict[str, Any]) -> dict[str, Any]:
        apps = {"web": {**APP, "shared_volumes": mounted}}
        return of(registered("swarm", volumes=volumes, apps=apps), "Service")["web"].inputs

    provider, type_ = DockerProvider({}, print), "docker:index/service:Service"
    old = provider.check("urn", "web", type_, {}, service(before))
    new = provider.check("urn", "web", type_, old, service(APP["shared_volumes"]))
    changes = provider.diff(type_, old, {}, new).changes
    assert changes
    assert not [format_path(path) for path, change in changes.items() if change.replace]


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_migration_and_members_see_the_files_too(kind: str) -> None:
    app = {**APP, "volumes": {"/srv/own": "1Gi"}, "migrations": {"command": ["migrate"]}}
    records = registered(kind, apps={"web": app})
    if kind == "swarm":
        found = {name: [one["target"] for one in volumes_of(each)] for name, each in of(records, "Service").items()}
        assert found == {"web-0": ["/srv/own", "/srv/files"], "web-migrate": ["/srv/files"]}
        return
    words = {**of(records, "StatefulSet"), **of(records, "Job")}
    assert set(words) == {"web", "web-migrate"}
    for one in words.values():
        volumes = one.inputs["spec"]["template"]["spec"]["volumes"]
        assert {"name": "shared-files", "persistentVolumeClaim": {"claimName": "shared-files"}} in volumes


@pytest.mark.parametrize("kind", PLATFORMS)
def test_what_mounts_it_is_watched_and_says_where_the_data_is(kind: str) -> None:
    records = registered(kind, apps={"web": APP, "api": {**APP, "shared_volumes": {}}})
    words = of(records, "Service" if kind == "swarm" else "Deployment")
    assert (words["web"].before_update, words["api"].before_update) == (("shared-web",), ())
    if kind == "swarm":
        texts = [one["value"] for one in words["web"].inputs["labels"] if one["label"] == "ha-platform.shared-volumes"]
        place = "nfs :/exports/files addr=192.0.2.5"
    else:
        texts = [words["web"].inputs["metadata"]["annotations"]["ha-platform.shared-volumes"]]
        place = "claim shared-files of class files"
    assert list(map(json.loads, texts)) == [{"/srv/files": ["files", place]}]


def place(o: str) -> str:
    options = {**NFS, "o": o}
    services = of(registered("swarm", volumes={"files": {**VOLUME["swarm"], "options": options}}), "Service")
    labels = {one["label"]: one["value"] for one in services["web"].inputs["labels"]}
    return str(json.loads(labels["ha-platform.shared-volumes"])["/srv/files"][1])


@pytest.mark.parametrize(
    ("o", "other"),
    [
        ("addr=a,port=2049", "addr=a,port=20490"),
        ("addr=a,addr=b", "addr=b,addr=a"),
        ("addr=a", "addr=a,mountport=20048"),
        ("addr=a,prefixpath=x", "addr=a,prefixpath=y"),
        ("addr=a,fs=one", "addr=a,fs=two"),
        ("addr=a,mds_namespace=one", "addr=a,mds_namespace=two"),
        ("addr=a,mon_addr=192.0.2.20", "addr=a,mon_addr=192.0.2.21"),
    ],
)
def test_options_that_name_the_data_are_its_place(o: str, other: str) -> None:
    assert place(o) != place(other)


def test_other_options_are_no_other_place() -> None:
    assert place("addr=a,port=2049") == place("port=2049,ro,nfsvers=4.2,addr=a,timeo=50")


def test_kubernetes_refuses_what_has_no_class_and_what_is_docker_s() -> None:
    faults = refused("kubernetes", {"size": "1Gi", "driver": "local", "options": NFS})
    assert {fault.partition(": ")[0] for fault in faults} == {
        "volumes.files.storage_class",
        "volumes.files.driver",
        "volumes.files.options",
    }
    assert any("ReadWriteMany" in fault for fault in faults)


SWARM_REFUSES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no driver": ({}, "volumes.files.driver", "nothing says how hosts share it"),
    "a class": ({"driver": "other", "storage_class": "files"}, "volumes.files.storage_class", "is Kubernetes'"),
    "each host's own directory": ({"driver": "local"}, "volumes.files.driver", "makes a directory on each of the 4"),
    "memory": (
        {"driver": "local", "options": {"type": "tmpfs", "device": "tmpfs"}},
        "volumes.files.options",
        "is on each host's own disk or memory",
    ),
    "no device": ({"driver": "local", "options": {"type": "nfs"}}, "volumes.files.options", "also needs device"),
    "no server": (
        {"driver": "local", "options": {"type": "nfs", "device": "files.example.com:/a"}},
        "volumes.files.options",
        "`addr=<address>` in `o`",
    ),
    "a directory of each host": (
        {"driver": "local", "options": {**NFS, "o": "addr=192.0.2.5,bind", "device": ":/"}},
        "volumes.files.options",
        "makes it a directory of each host itself",
    ),
    "a directory of each host, with all below it": (
        {"driver": "local", "options": {**NFS, "o": "addr=192.0.2.5,ro, rbind"}},
        "volumes.files.options",
        "makes it a directory of each host itself",
    ),
    "what is mounted already": (
        {"driver": "local", "options": {**NFS, "o": "addr=192.0.2.5,remount"}},
        "volumes.files.options",
        "makes it a directory of each host itself",
    ),
    "an option of others": (
        {"driver": "local", "options": {**NFS, "size": "1g"}},
        "volumes.files.options",
        "`local` takes type, o, device alone",
    ),
}


@pytest.mark.parametrize(
    ("kind", "device", "taken"),
    [
        ("nfs", ":/exports", True),
        ("nfs4", "files.example.com:/", True),
        ("nfs", "/exports", False),
        ("nfs", "none", False),
        ("nfs4", "files.example.com", False),
        ("cifs", "//files.example.com/share", True),
        ("cifs", "/share", False),
        ("cifs", "//files.example.com", False),
        ("cifs", "none", False),
        ("ceph", "192.0.2.20,192.0.2.21:/files", True),
        ("ceph", "app@.files=/", True),
        ("ceph", "/files", False),
        ("ceph", "none", False),
    ],
)
def test_a_device_is_a_directory_of_a_server(kind: str, device: str, *, taken: bool) -> None:
    volume = {"size": "1Gi", "driver": "local", "options": {"type": kind, "o": "addr=192.0.2.5", "device": device}}
    if taken:
        assert registered("swarm", volumes={"files": volume})
        return
    (fault,) = refused("swarm", volume)
    assert f"names no directory of a server, as {kind} does it" in fault
    assert f"(got device: {device})" in fault


@pytest.mark.parametrize("case", SWARM_REFUSES)
def test_swarm_refuses_what_hosts_do_not_share(case: str) -> None:
    volume, path, rule = SWARM_REFUSES[case]
    (fault,) = refused("swarm", {"size": "1Gi", **volume})
    assert fault.startswith(f"{path}: ")
    assert rule in fault


@pytest.mark.parametrize("kind", PLATFORMS)
def test_nothing_can_be_mounted_inside_of_files_that_cannot_be_written(kind: str) -> None:
    inside: dict[str, Any] = {"/srv/files": {"volume": "files", "read_only": True}, "/srv/files/own": "files"}
    (fault,) = refused(kind, VOLUME[kind], apps={"web": {**APP, "shared_volumes": inside}})
    assert fault.startswith("apps.web.shared_volumes: ")
    assert "is mounted read-only" in fault
