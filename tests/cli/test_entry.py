"""Where `up` says that a port is reached."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from cli.entry import Address, Entries
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kubernetes_entries import ServiceEntries
from cli.on_swarm import OnSwarm
from cli.stack_file import StackFile

KUBECONFIG = {
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {}}],
    "contexts": [{"name": "my cluster", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "my cluster",
}


def service(name: str) -> dict[str, Any]:
    inputs = {"spec": {"type": "ClusterIP"}}
    return {"type": "kubernetes:core/v1:Service", "id": f"ha-platform-prod/{name}", "inputs": inputs}


@pytest.mark.parametrize(("context", "named"), [(None, ""), ("my cluster", "--context 'my cluster' ")])
def test_operators_get_a_command_where_no_service_offers_their_port(
    context: str | None, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    hosts = Hosts(environment={}, address="", description="cluster", context=context)
    entries = ServiceEntries(hosts, [service("edge"), service("prometheus")])
    forward = f"kubectl {named}--namespace ha-platform-prod port-forward"
    assert entries.for_operators("edge", "status", 8404) == f"{forward} service/edge 8404:status"
    assert entries.for_operators("prometheus", "http", 9091) == f"{forward} service/prometheus 9091:http"


class FakeSwarm:
    """Three managers; the proxies of stack `s` run on the second and the third, Prometheus on the first."""

    def __init__(self, leader: str, *, own: str = "n1", system: str = "Debian") -> None:
        self._leader, self._own, self._system = leader, own, system

    def info(self) -> dict[str, Any]:
        return {"Swarm": {"NodeID": self._own}, "OperatingSystem": self._system}

    def nodes(self) -> list[dict[str, Any]]:
        managers = {"Addr": self._leader}, {"Addr": "10.0.0.2:2377"}, {"Addr": "[fd00::3]:2377"}
        addresses = "0.0.0.0", "10.0.0.2", ""
        return [
            {"ID": f"n{index}", "Status": {"Addr": address}, "ManagerStatus": manager}
            for index, (address, manager) in enumerate(zip(addresses, managers, strict=True), start=1)
        ]

    def services(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"label": "ha-platform.stack=s"}
        ports = {"edge": [80, 8404], "prometheus": [9090], "web": []}
        return [
            {"ID": name, "Endpoint": {"Ports": [{"PublishedPort": port} for port in published]}}
            for name, published in ports.items()
        ]

    def tasks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        assert filters == {"desired-state": "running"}
        placed = [("edge", "n3", "running"), ("edge", "n2", "running"), ("edge", "n1", "starting"),
                  ("prometheus", "n1", "running"), ("web", "n1", "running")]  # fmt: skip
        return [{"ServiceID": name, "NodeID": node, "Status": {"State": state}} for name, node, state in placed]


def entries_of(monkeypatch: pytest.MonkeyPatch, docker_host: str, swarm: FakeSwarm) -> Entries:
    monkeypatch.setattr("cli.swarm_entries.docker_client", lambda _: swarm)
    monkeypatch.setenv("HOST", docker_host)
    document = {"platform": {"kind": "swarm", "nodes": ["a"], "entry": "dns"}}
    return OnSwarm(StackFile(name="s", path=Path("s.yaml"), document=document)).entries([])


@pytest.mark.parametrize("docker_host", ["unix:///run/docker.sock", "ssh://me@manager.example.com", "tcp://x:2375"])
def test_a_port_of_a_swarm_is_asked_where_its_tasks_run(monkeypatch: pytest.MonkeyPatch, docker_host: str) -> None:
    """Never at the manager that is asked, unless a proxy runs there."""
    entries = entries_of(monkeypatch, docker_host, FakeSwarm("10.0.0.1:2377"))
    assert entries.of(80) == [Address("10.0.0.2", 80), Address("fd00::3", 80)]
    assert entries.for_operators("edge", "status", 8404) == "http://10.0.0.2:8404/"
    assert [address.url("https") for address in entries.of(80)][1] == "https://[fd00::3]:80/"


@pytest.mark.parametrize(
    ("docker_host", "leader", "system", "hosts"),
    [
        ("ssh://me@manager.example.com", "10.0.0.1:2377", "Debian", ["manager.example.com", "10.0.0.1"]),
        ("tcp://10.0.0.1:2375", "10.0.0.1:2377", "Debian", ["10.0.0.1"]),
        ("unix:///run/docker.sock", "10.0.0.1:2377", "Debian", ["10.0.0.1"]),
        ("unix:///run/docker.sock", "127.0.0.1:2377", "Debian", ["127.0.0.1"]),
        ("unix:///run/docker.sock", "192.168.65.3:2377", "Docker Desktop", ["127.0.0.1", "192.168.65.3"]),
    ],
)
def test_how_the_manager_itself_is_reached(
    monkeypatch: pytest.MonkeyPatch, docker_host: str, leader: str, system: str, hosts: list[str]
) -> None:
    entries = entries_of(monkeypatch, docker_host, FakeSwarm(leader, system=system))
    assert [address.host for address in entries.of(9090)] == hosts


def test_a_node_that_never_told_its_address_is_not_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may listen there, and its answer would prove nothing."""
    entries = entries_of(monkeypatch, "unix:///run/docker.sock", FakeSwarm("", own="n2"))
    with pytest.raises(CommandError, match=r"no task of stack s that publishes port 9090 runs on the Swarm"):
        entries.of(9090)


def test_operators_get_a_url_on_swarm_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = entries_of(monkeypatch, "tcp://192.0.2.7:2375", FakeSwarm("10.0.0.1:2377"))
    assert entries.for_operators("grafana", "http", 3001) == "http://192.0.2.7:3001/"


def test_a_node_port_is_asked_at_every_node_that_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(ready: str, **addresses: str) -> Any:
        given = [SimpleNamespace(type=kind, address=address) for kind, address in addresses.items()]
        conditions = [SimpleNamespace(type="Ready", status=ready)]
        return SimpleNamespace(status=SimpleNamespace(addresses=given, conditions=conditions))

    nodes = [node("False", InternalIP="10.0.0.1"), node("True", InternalIP="10.0.0.2"),
             node("True", InternalIP="10.0.0.3", ExternalIP="192.0.2.3")]  # fmt: skip
    spec = SimpleNamespace(type="NodePort", ports=[SimpleNamespace(port=80, node_port=30080)])
    api = SimpleNamespace(
        list_node=lambda: SimpleNamespace(items=nodes),
        read_namespaced_service=lambda *_: SimpleNamespace(spec=spec),
    )
    monkeypatch.setattr("cli.kubernetes_entries.kubernetes_api", lambda _: SimpleNamespace(CoreV1Api=lambda: api))
    resource = {**service("edge-public"), "inputs": {"spec": {"type": "NodePort"}}}
    entries = ServiceEntries(Hosts(environment={}, address="", description="cluster"), [resource])
    assert entries.of(80) == [Address("192.0.2.3", 30080), Address("10.0.0.2", 30080)]
    assert entries.of(81) == []
