"""What the node's programs read: it parses, and it names no path of the machine beside the host's own directory."""

import hashlib
import io
import json
import re
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from sandbox.hosts.host import Host
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.kubernetes import addons, pause_image
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.node import Node
from sandbox.hosts.profiles import profile


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.setenv("HA_SANDBOX", str(tmp_path))
    return written(Host(profile("kubernetes"), 2), tmp_path)


def written(host: Host, directory: Path) -> Node:
    made = Node(host, directory / "programs", Credentials(host.profile.directory / "pki", "10.79.0.10"))
    made.write_configuration()
    return made


def test_containerd_pulls_from_the_hosts_registry_and_keeps_its_data_in_the_host(node: Node) -> None:
    etc = node.host.directory / "etc"
    config = tomllib.loads((etc / "containerd.toml").read_text())
    assert config["root"] == f"{node.host.directory}/containerd"
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["restrict_oom_score_adj"] is True
    hosts = tomllib.loads((Path(cri["registry"]["config_path"]) / "127.0.0.1:5000/hosts.toml").read_text())
    assert hosts["server"] == "http://127.0.0.1:5000"
    assert [*Path(cri["cni"]["conf_dir"]).iterdir()] == [etc / "cni/10-pods.conflist"]


def test_kubelet_keeps_pods_in_the_nodes_control_group(node: Node) -> None:
    config = yaml.safe_load((node.host.directory / "etc/kubelet.yaml").read_text())
    assert config["cgroupRoot"] == "/ha-platform-kubernetes/host2"
    assert config["clusterDNS"] == ["10.96.0.10"]
    assert config["authentication"]["anonymous"]["enabled"] is False
    assert Path(config["resolvConf"]).is_relative_to(node.host.directory)
    assert config["volumePluginDir"].startswith("/var/lib/kubelet/")  # bound to a directory of the host


def test_kube_proxy_leaves_the_machines_connection_tracking_alone(node: Node) -> None:
    config = yaml.safe_load((node.host.directory / "etc/kube-proxy.yaml").read_text())
    assert config["conntrack"] == {
        "maxPerCore": 0,
        "min": 0,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    }


def test_nodes_share_no_address_of_a_pod_and_no_zone(node: Node, tmp_path: Path) -> None:
    nodes = [written(host, tmp_path) for host in Hosts(node.host.profile).hosts]
    networks = [json.loads((one.host.directory / "etc/cni/10-pods.conflist").read_text()) for one in nodes]
    ranges = [network["plugins"][0]["ipam"]["ranges"][0][0] for network in networks]
    assert {one["subnet"] for one in ranges} == {"10.244.0.0/16"}, "pods of other nodes are told from the outside"
    assert [(one["rangeStart"], one["rangeEnd"]) for one in ranges] == [
        (f"10.244.{index}.1", f"10.244.{index}.254") for index in (1, 2, 3)
    ]
    zones = [argument for one in nodes for argument in one.kubelet() if "topology.kubernetes.io/zone" in argument]
    assert len(set(zones)) == len(nodes)


def test_manifests_are_complete(node: Node) -> None:
    text = addons.manifests(node.identity)
    assert not re.search("@[A-Z_]+@", text)
    found = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}
    assert found["Service", "kube-dns"]["spec"]["clusterIP"] == "10.96.0.10"
    storage = found["StorageClass", "standard"]
    assert storage["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert storage["volumeBindingMode"] == "WaitForFirstConsumer"


def test_pause_image_is_a_sound_archive(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"a program")
    pause_image.write(program, tmp_path / "pause.tar")
    with tarfile.open(tmp_path / "pause.tar") as archive:
        files = {name: _content(archive, name) for name in archive.getnames()}
    blobs = {name.rpartition("/")[2]: content for name, content in files.items() if name.startswith("blobs/")}
    assert all(hashlib.sha256(content).hexdigest() == digest for digest, content in blobs.items())
    named = json.loads(files["index.json"])["manifests"][0]
    assert named["annotations"]["io.containerd.image.name"] == pause_image.PAUSE_IMAGE
    manifest = json.loads(blobs[named["digest"].removeprefix("sha256:")])
    layer = blobs[manifest["layers"][0]["digest"].removeprefix("sha256:")]
    with tarfile.open(fileobj=io.BytesIO(layer)) as unpacked:
        assert _content(unpacked, "pause") == b"a program"
        assert unpacked.getmember("pause").mode == 0o755


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None
    return member.read()
