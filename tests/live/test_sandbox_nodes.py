"""The sandbox's nodes: pods connect across them, policies decide which, and a node can be lost."""

from collections.abc import Callable, Iterator

import pytest
import yaml

from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.kubernetes.addresses import API_SERVICE
from sandbox.hosts.waiting import wait_until
from sandbox.images import ensure_images

pytestmark = [pytest.mark.live, pytest.mark.kubernetes, pytest.mark.timeout(900, func_only=True)]

NAMESPACE = "nodes-trial"
PODS = {"server": "host1", "neighbour": "host1", "friend": "host2", "stranger": "host3"}
"""Name -> node. All but the server may go out to everything, except the friend: it reaches the server, and names."""
SERVER = f"server.{NAMESPACE}.svc.cluster.local"
API = (API_SERVICE, 443)
_PORT = 8080
_CONNECT = """\
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).close()
    print("connected")
except OSError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def trial(kubernetes_cluster: KubernetesCluster) -> Iterator[KubernetesCluster]:
    """The pods, a Service, and policies between them."""
    image = ensure_images(["base"])["base"]
    kubernetes_cluster.kubectl(["create", "namespace", NAMESPACE])
    try:
        documents = [_service(), *(_pod(name, node, image) for name, node in PODS.items()), *_policies()]
        kubectl(kubernetes_cluster, "apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
        kubectl(kubernetes_cluster, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=120s")
        yield kubernetes_cluster
    finally:
        kubernetes_cluster.kubectl(["delete", "namespace", NAMESPACE])


def kubectl(cluster: KubernetesCluster, *argv: str, stdin: str | None = None) -> str:
    return cluster.kubectl(["--namespace", NAMESPACE, *argv], stdin=stdin)


def connects(cluster: KubernetesCluster, pod: str, host: str = SERVER, port: int = _PORT) -> bool:
    said = kubectl(cluster, "exec", pod, "--", "python3", "-c", _CONNECT, host, str(port))
    print(f"{pod} -> {host}:{port}: {said.strip()}")
    return said.startswith("connected")


def eventually(condition: Callable[[], bool], seconds: float) -> None:
    """A firewall follows a change within a moment."""
    wait_until(condition, "the policies say so", max(180, seconds), every=0.2)


def test_a_declared_connection_passes_between_nodes_and_others_do_not(trial: KubernetesCluster) -> None:
    eventually(lambda: connects(trial, "friend"), 20)
    for pod in ("stranger", "neighbour"):
        assert not connects(trial, pod), "whom the server's policy does not name"
    server = kubectl(trial, "get", "pod", "server", "-o", "jsonpath={.status.podIP}")
    assert connects(trial, "friend", server)
    assert not connects(trial, "stranger", server), "nor by its address"


def test_what_a_policy_does_not_open_is_closed_on_the_way_out(trial: KubernetesCluster) -> None:
    assert connects(trial, "stranger", *API)
    assert not connects(trial, "friend", *API)


def test_probes_pass_where_nobody_else_may(trial: KubernetesCluster) -> None:
    assert not connects(trial, "server", *API), "the server may not go out at all"
    ready = kubectl(trial, "get", "pod", "server", "-o", "jsonpath={.status.containerStatuses[0].ready}")
    assert ready == "true", "the kubelet of its node asks it, whom its policy does not name"


def test_policies_are_followed_when_they_change(trial: KubernetesCluster) -> None:
    kubectl(trial, "label", "pod", "stranger", "friendly=yes")
    eventually(lambda: connects(trial, "stranger"), 20)
    kubectl(trial, "label", "pod", "stranger", "friendly-")
    eventually(lambda: not connects(trial, "stranger"), 20)
    kubectl(trial, "delete", "networkpolicy", "server", "default-deny")
    eventually(lambda: connects(trial, "stranger"), 20)


def test_a_lost_node_is_away_and_comes_back(trial: KubernetesCluster) -> None:
    """Its pods go on: the friend's link is cut, and joined again."""
    node = [host.name for host in trial.hosts].index(PODS["friend"])
    address = kubectl(trial, "get", "pod", "friend", "-o", "jsonpath={.status.podIP}")
    kubectl(trial, "delete", "networkpolicy", "--all")
    eventually(lambda: connects(trial, "stranger", address), 20)
    trial.kill_host(node)
    try:
        assert [row.get("link") for row in trial.status()] == [None, "up", "cut", "up"]
        assert not connects(trial, "stranger", address)
        assert connects(trial, "stranger"), "the others go on"
    finally:
        trial.heal_host(node)
    eventually(lambda: connects(trial, "stranger", address), 20)
    trial.wait_ready(trial.hosts[node])
    assert connects(trial, "friend")


def _pod(name: str, node: str, image: str) -> dict[str, object]:
    container = {
        "name": "server",
        "image": image,
        "command": ["python3", "-m", "http.server", "--directory", "/tmp", str(_PORT)],
        "readinessProbe": {"httpGet": {"path": "/", "port": _PORT}, "periodSeconds": 1},
    }
    spec = {
        "nodeName": node,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "containers": [container],
    }
    labels = {"app": name} | ({"friendly": "yes"} if name == "friend" else {})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _service() -> dict[str, object]:
    spec = {"selector": {"app": "server"}, "ports": [{"port": _PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "server"}, "spec": spec}


def _policies() -> list[dict[str, object]]:
    def pods(label: str, value: str) -> dict[str, object]:
        return {"podSelector": {"matchLabels": {label: value}}}

    names = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    specs: dict[str, dict[str, object]] = {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "server": {
            **pods("app", "server"),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [pods("friendly", "yes")], "ports": [{"protocol": "TCP", "port": _PORT}]}],
        },
        "friend": {
            **pods("app", "friend"),
            "policyTypes": ["Egress"],
            "egress": [{"ports": names}, {"to": [pods("app", "server")]}],
        },
        "others": {
            "podSelector": {
                "matchExpressions": [{"key": "app", "operator": "In", "values": ["neighbour", "stranger"]}]
            },
            "policyTypes": ["Egress"],
            "egress": [{}],
        },
    }
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return [{**kind, "metadata": {"name": name}, "spec": spec} for name, spec in specs.items()]
