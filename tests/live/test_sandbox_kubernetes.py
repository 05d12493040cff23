"""The sandbox's Kubernetes is a real one: pods, names, addresses, volumes, admission, metrics, and nothing left."""

import json
import os
import stat
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.hosts import processes
from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.profiles import PROFILES, Profile
from sandbox.images import ensure_images
from tests.live.kubernetes_trial import HEADLESS, NAMESPACE, NODE_PORT, WEB, manifests
from tests.live.machine import Machine
from tests.live.require import require_hosts

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(900, func_only=True)]
DNS_SECONDS = 3
"""Below what one unanswered question costs: a resolver asks again after 5 s."""


@pytest.fixture(scope="module")
def trial(kubernetes_cluster: KubernetesCluster) -> Iterator[KubernetesCluster]:
    """The cluster with a Deployment of two non-root pods, its Services, a claim and an HPA."""
    image = ensure_images(["base"])["base"]
    kubernetes_cluster.kubectl(["apply", "-f", "-"], stdin=manifests(image))
    rollout = ["rollout", "status", f"deployment/{WEB}", "--timeout=300s"]
    kubernetes_cluster.kubectl(["--namespace", NAMESPACE, *rollout], seconds=330)
    yield kubernetes_cluster
    kubernetes_cluster.kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found"])


def kubectl(cluster: KubernetesCluster, *argv: str) -> str:
    return cluster.kubectl(["--namespace", NAMESPACE, *argv])


def pods(cluster: KubernetesCluster) -> list[dict[str, str]]:
    """Name and address of the running pods."""
    running = ("get", "pods", "--field-selector=status.phase=Running", "-o", "json")
    listed = json.loads(kubectl(cluster, *running))["items"]
    return [{"name": pod["metadata"]["name"], "address": pod["status"]["podIP"]} for pod in listed]


def in_pod(cluster: KubernetesCluster, *argv: str) -> str:
    return kubectl(cluster, "exec", pods(cluster)[0]["name"], "--", *argv)


def eventually(condition: Callable[[], object], seconds: float) -> None:
    """Until it holds; what depends on kube-proxy or on a scrape takes a moment."""
    deadline = time.monotonic() + max(180, seconds)
    while True:
        try:
            if condition():
                return
            last: object = "it was false"
        except (HostError, OSError) as error:
            last = error
        assert time.monotonic() < deadline, f"not within {seconds} s: {last}"
        time.sleep(0.5)


def test_nodes_are_ready_with_zone_and_version(kubernetes_cluster: KubernetesCluster) -> None:
    nodes = json.loads(kubernetes_cluster.kubectl(["get", "nodes", "-o", "json"]))["items"]
    version = json.loads(kubernetes_cluster.kubectl(["version", "-o", "json"]))
    assert version["serverVersion"]["gitVersion"] == version["clientVersion"]["gitVersion"]
    zones = [(node["metadata"]["name"], node["metadata"]["labels"]["topology.kubernetes.io/zone"]) for node in nodes]
    assert zones == [("host1", "zone1"), ("host2", "zone2"), ("host3", "zone3")]
    for node in nodes:
        assert {"type": "Ready", "status": "True"}.items() <= node["status"]["conditions"][-1].items()
        assert version["serverVersion"]["gitVersion"] == node["status"]["nodeInfo"]["kubeletVersion"]


def test_kubeconfig_is_private_and_api_is_reached_by_address(kubernetes_cluster: KubernetesCluster) -> None:
    assert stat.S_IMODE(kubernetes_cluster.kubeconfig.stat().st_mode) == 0o600
    server = f"server: https://{kubernetes_cluster.control.address}:6443"
    assert server in kubernetes_cluster.kubeconfig.read_text()


def test_up_again_starts_nothing(kubernetes_cluster: KubernetesCluster) -> None:
    records = sorted(kubernetes_cluster.profile.directory.glob("*/*.json"))
    before = {path: path.read_text() for path in records}
    kubernetes_cluster.up()
    after = {path: path.read_text() for path in records}
    assert {path.stem for path in after} > {"etcd", "kubelet", "firewall"}
    assert after == before


def test_service_answers_by_its_name_from_both_pods(trial: KubernetesCluster) -> None:
    names = {pod["name"] for pod in pods(trial)}
    seen: set[str] = set()

    def both_answered() -> bool:
        seen.add(in_pod(trial, "curl", "-sS", "-m", "2", f"http://{WEB}.{NAMESPACE}.svc.cluster.local/"))
        return seen == names

    eventually(both_answered, 90)


def test_headless_service_lists_the_pods(trial: KubernetesCluster) -> None:
    resolve = f"import socket; print(*sorted({{a[4][0] for a in socket.getaddrinfo('{HEADLESS}', 8080)}}))"
    expected = " ".join(sorted(pod["address"] for pod in pods(trial)))
    eventually(lambda: in_pod(trial, "python3", "-c", resolve).strip() == expected, 60)


def test_node_port_is_reached_from_the_machine(trial: KubernetesCluster) -> None:
    def answers() -> bool:
        for host in trial.hosts:
            with urllib.request.urlopen(f"http://{host.address}:{NODE_PORT}/", timeout=10) as answer:
                assert answer.read().decode() in {pod["name"] for pod in pods(trial)}
        return True

    eventually(answers, 60)


def test_unknown_names_fail_at_once(trial: KubernetesCluster) -> None:
    script = (
        "import socket, time\nfor name in 3 * ('nowhere.example.org', 'nowhere'):\n  started = time.monotonic()\n"
        "  try: socket.getaddrinfo(name, 80); print('resolved', end=' ')\n"
        "  except socket.gaierror: print(time.monotonic() - started, end=' ')\n"
    )
    took = in_pod(trial, "python3", "-c", script).split()
    assert len(took) == 6
    assert max(min(map(float, took[first::2])) for first in (0, 1)) < DNS_SECONDS, "what nobody answers costs more"


def test_claim_is_bound_and_written_by_a_non_root_pod(trial: KubernetesCluster) -> None:
    assert in_pod(trial, "sh", "-c", "id -u; echo kept > /data/file; cat /data/file").split() == ["10001", "kept"]
    claim = json.loads(kubectl(trial, "get", "persistentvolumeclaim", "data", "-o", "json"))
    assert claim["status"]["phase"] == "Bound"
    written = trial.volumes / claim["spec"]["volumeName"] / "file"
    assert written.read_text() == "kept\n"
    assert written.stat().st_gid == 10001  # the pod's fsGroup


def test_restricted_namespace_refuses_a_root_pod(trial: KubernetesCluster) -> None:
    with pytest.raises(HostError, match="violates PodSecurity"):
        kubectl(trial, "run", "root", "--image=127.0.0.1:5000/ha-platform/base:none")


def test_autoscaler_and_top_get_metrics(trial: KubernetesCluster) -> None:
    def has_utilization() -> bool:
        found = json.loads(kubectl(trial, "get", "horizontalpodautoscaler", WEB, "-o", "json"))["status"]
        current = found.get("currentMetrics") or [{}]
        return "averageUtilization" in current[0].get("resource", {}).get("current", {})

    # Two scrapes of the metrics server (one a minute) after the pod is ready, then one look of the autoscaler (15 s).
    eventually(has_utilization, 240)
    eventually(lambda: all(pod["name"] in kubectl(trial, "top", "pods") for pod in pods(trial)), 90)


def test_deleted_claim_removes_its_data(trial: KubernetesCluster) -> None:
    volume = kubectl(trial, "get", "persistentvolumeclaim", "data", "-o", "jsonpath={.spec.volumeName}")
    directory = trial.volumes / volume
    assert directory.is_dir()
    kubectl(trial, "delete", "deployment", WEB, "--cascade=foreground")
    kubectl(trial, "delete", "persistentvolumeclaim", "data")
    eventually(lambda: not directory.exists(), 60)


def test_up_and_down_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_hosts()
    trial = Profile(name="kube-trial", kind="kubernetes", prefix="10.82.0", host_count=2)
    monkeypatch.setitem(PROFILES, trial.name, trial)
    monkeypatch.setenv("HA_SANDBOX", str(tmp_path / "sandbox"))
    before = (Machine.now(trial), _tunables(), _fixed_directories())
    cluster = KubernetesCluster(trial.name)
    try:
        hosts = (cluster.up().control, *cluster.hosts)
        namespaces = {os.readlink(f"/proc/{host.pid}/ns/net") for host in hosts}
    finally:
        cluster.down()
    assert (Machine.now(trial), _tunables(), _fixed_directories()) == before
    lines = [_read(entry / "cmdline") for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert not [line for line in lines if str(tmp_path / "sandbox") in line]
    assert not processes.in_namespaces(namespaces)
    assert not (tmp_path / "sandbox").exists()


def _tunables() -> dict[str, str]:
    """Settings of the whole kernel that a kubelet changes."""
    names = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops")
    return {name: _read(Path("/proc/sys", name)) for name in names}


def _fixed_directories() -> dict[str, bool]:
    """Directories outside its own that a node makes."""
    paths = ("/var/lib/cni", "/var/lib/kubelet", "/usr/libexec/kubernetes", "/var/log/containers", "/run/containerd")
    return {path: Path(path).exists() for path in paths}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # a process that ended
        return ""
