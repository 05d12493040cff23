"""Where `up` says that a port is reached."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.hosts import Hosts
from cli.on_kubernetes import ServiceEntries
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


def test_operators_get_a_url_on_swarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "tcp://192.0.2.7:2375")
    document = {"platform": {"kind": "swarm", "nodes": ["a"], "entry": "dns"}}
    on = OnSwarm(StackFile(name="s", path=Path("s.yaml"), document=document))
    assert on.entries([]).for_operators("edge", "status", 8404) == "http://192.0.2.7:8404/"
