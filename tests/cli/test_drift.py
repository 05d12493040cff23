"""`status` and `up` compare what runs with the stack, not with what the orchestrator was told last."""

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.drift import Drift
from cli.on_kubernetes import OnKubernetes
from cli.on_swarm import OnSwarm
from cli.operations import Operations
from cli.stack_file import StackFile
from cli.status import Row, show_status

PARENT = "urn:pulumi:dev::ha-platform::ha-platform:apps:AppTier::web"
URN = f"{PARENT}-service"


class FakeSwarm:
    """What a manager answers: services, and a task that failed."""

    def __init__(self, *services: dict[str, Any]) -> None:
        self._services = services

    def services(self, *, status: bool) -> list[dict[str, Any]]:
        assert status
        return copy.deepcopy(list(self._services))

    def inspect_service(self, id_: str) -> dict[str, Any]:
        return next(one for one in self.services(status=True) if one["ID"] == id_)

    def networks(self) -> list[dict[str, Any]]:
        return [{"Id": "kept-net"}]

    def secrets(self) -> list[dict[str, Any]]:
        return [{"ID": "kept-secret"}]

    def configs(self) -> list[dict[str, Any]]:
        return [{"ID": "kept-c"}]

    def tasks(self) -> list[dict[str, Any]]:
        state = {"State": "failed", "Err": "no room"}
        return [{"ServiceID": "1", "CreatedAt": "1", "DesiredState": "running", "Status": state}]


def swarm(monkeypatch: pytest.MonkeyPatch, *services: dict[str, Any]) -> Operations:
    for module in ("cli.on_swarm", "cli.lost"):
        monkeypatch.setattr(f"{module}.docker_client", lambda _: FakeSwarm(*services))
    document = {"platform": {"kind": "swarm", "nodes": ["a"], "entry": "dns"}}
    return OnSwarm(StackFile(name="dev", path=Path("s.yaml"), document=document))


def service(mode: dict[str, Any], *, running: int, desired: int) -> dict[str, Any]:
    return {
        "ID": "1",
        "Spec": {"Name": "dev-web", "Mode": mode},
        "ServiceStatus": {"RunningTasks": running, "DesiredTasks": desired},
    }


def replicas(count: int, running: int) -> dict[str, Any]:
    return service({"Replicated": {"Replicas": count}}, running=running, desired=count)


def recorded(mode: dict[str, Any]) -> list[dict[str, Any]]:
    inputs = {"name": "dev-web", "mode": mode}
    return [{"type": "docker:index/service:Service", "urn": URN, "id": "1", "parent": PARENT, "inputs": inputs}]


TWO = recorded({"replicated": {"replicas": 2}})


@pytest.mark.parametrize(
    ("told", "running", "wrong"),
    [
        (2, 2, ""),
        (0, 0, "the stack wants 2, but it is scaled to 0"),
        (1, 1, "the stack wants 2, but it is scaled to 1"),
        (1, 0, "the stack wants 2, but it is scaled to 1; no room"),
        (5, 5, "the stack wants 2, but it is scaled to 5"),
        (2, 1, "no room"),
        (2, 3, ""),  # an update starts new replicas before old ones end
    ],
)
def test_a_services_count_is_the_stacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], told: int, running: int, wrong: str
) -> None:
    (row,) = swarm(monkeypatch, replicas(told, running)).rows(TWO)
    assert (row.wanted, row.told, row.ready, row.wrong) == (2, told, running, wrong)
    assert show_status([row]) is not bool(wrong)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "dev-web" in line)
    assert f"{running}/2" in line
    assert wrong in line


def test_a_service_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = swarm(monkeypatch).rows(TWO)
    assert row.wrong == "the service is gone"


def test_what_a_swarm_that_was_made_anew_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, lost = (
        [
            {"type": "docker:index/network:Network", "urn": f"{PARENT}-{id_}-net", "id": f"{id_}-net"},
            {"type": "docker:index/secret:Secret", "urn": f"{PARENT}-{id_}-secret", "id": f"{id_}-secret"},
            {"type": "docker:index/serviceConfig:ServiceConfig", "urn": f"{PARENT}-{id_}-c", "id": f"{id_}-c"},
        ]
        for id_ in ("kept", "lost")
    )
    said: list[str] = []
    found = Drift(swarm(monkeypatch), [*kept, *lost])
    found.tell(said.append, "this makes them again")
    assert found.lines() == [line.removesuffix("; this makes them again") for line in said]
    assert found.urns == [one["urn"] for one in lost]
    assert said == [
        "3 objects that workloads need are gone, as where a Swarm or a cluster was made anew; this makes them again"
    ]
    assert Drift(swarm(monkeypatch), kept).urns == []


def test_an_agent_is_wanted_wherever_the_swarm_has_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = recorded({"global": True})
    (row,) = swarm(monkeypatch, service({"Global": {}}, running=3, desired=3)).rows(agent)
    assert (row.kind, row.wanted, row.wrong) == ("agent", 3, "")
    (row,) = swarm(monkeypatch, service({"Global": {}}, running=2, desired=3)).rows(agent)
    assert row.wrong == "no room"


class FakeCluster:
    """The kubernetes package's `client` of a cluster with one Deployment (or none), and what was patched in it."""

    class ApiException(Exception):
        status = 404

    def __init__(self, told: int | None) -> None:
        self.told = told
        self.patched: list[Any] = []
        self.namespace = "u1"

    def AppsV1Api(self) -> Any:
        def read(name: str, namespace: str) -> Any:
            assert (name, namespace) == ("web", "ns")
            if self.told is None:
                raise self.ApiException
            selector = SimpleNamespace(match_labels={"app": "web"})
            return SimpleNamespace(
                spec=SimpleNamespace(replicas=self.told, selector=selector),
                status=SimpleNamespace(ready_replicas=self.told or None),
            )

        def patch(name: str, namespace: str, body: Any, **_: str) -> None:
            self.patched.append((name, namespace, body["spec"]["replicas"]))

        return SimpleNamespace(
            read_namespaced_deployment_status=read,
            read_namespaced_stateful_set_status=read,
            read_namespaced_daemon_set_status=read,
            patch_namespaced_deployment_scale=patch,
        )

    def CoreV1Api(self) -> Any:
        def read_namespace(name: str) -> Any:
            assert name == "ns"
            if not self.namespace:
                raise self.ApiException
            return SimpleNamespace(metadata=SimpleNamespace(uid=self.namespace))

        return SimpleNamespace(
            list_namespaced_pod=lambda *_, **__: SimpleNamespace(items=[]), read_namespace=read_namespace
        )


def cluster(monkeypatch: pytest.MonkeyPatch, told: int | None) -> tuple[Operations, FakeCluster]:
    client = FakeCluster(told)
    for module in ("cli.on_kubernetes", "cli.lost"):
        monkeypatch.setattr(f"{module}.kubernetes_api", lambda _: client)
    document = {"platform": {"kind": "kubernetes"}}
    return OnKubernetes(StackFile(name="dev", path=Path("s.yaml"), document=document)), client


DEPLOYMENT = {
    "type": "kubernetes:apps/v1:Deployment",
    "urn": URN,
    "id": "ns/web",
    "parent": PARENT,
    "inputs": {"spec": {"replicas": 3}},
}
AUTOSCALER = {
    "type": "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "urn": f"{PARENT}-hpa",
    "id": "ns/web",
    "inputs": {"spec": {"minReplicas": 3, "maxReplicas": 10, "scaleTargetRef": {"name": "web"}}},
}


SCALED = {
    "type": "kubernetes:keda.sh/v1alpha1:ScaledObject",
    "urn": f"{PARENT}-scaled",
    "id": "ns/web",
    "inputs": {"spec": {"minReplicaCount": 3, "maxReplicaCount": 10, "scaleTargetRef": {"name": "web"}}},
}


@pytest.mark.parametrize(
    ("told", "drift"), [(3, ""), (0, "the stack wants 3, but it is scaled to 0"), (None, "the Deployment is gone")]
)
def test_a_deployments_count_is_the_stacks(monkeypatch: pytest.MonkeyPatch, told: int | None, drift: str) -> None:
    on, _ = cluster(monkeypatch, told)
    (row,) = on.rows([DEPLOYMENT])
    assert (row.wanted, row.drift) == (3, drift)
    assert list(Drift(on, [DEPLOYMENT]).urns) == ([URN] if drift else [])


@pytest.mark.parametrize(("uid", "lost"), [("u1", False), ("", True), ("u2", True)])
def test_what_a_cluster_that_was_made_anew_has_not(monkeypatch: pytest.MonkeyPatch, uid: str, lost: bool) -> None:
    outputs = {"metadata": {"uid": "u1"}}
    namespace = {"type": "kubernetes:core/v1:Namespace", "urn": f"{PARENT}-ns", "id": "ns", "outputs": outputs}
    service_ = {"type": "kubernetes:core/v1:Service", "urn": f"{PARENT}-service", "id": "ns/web"}
    password = {"type": "random:index/randomPassword:RandomPassword", "urn": f"{PARENT}-password", "id": "none"}
    on, client = cluster(monkeypatch, None)
    client.namespace = uid
    found = Drift(on, [namespace, service_, password])
    assert found.urns == ([namespace["urn"], service_["urn"]] if lost else [])


@pytest.mark.parametrize(
    ("told", "wanted", "drift"),
    [
        (3, 3, ""),
        (7, 7, ""),
        (10, 10, ""),
        (0, 3, "the stack wants at least 3, but it is scaled to 0"),
        (2, 3, "the stack wants at least 3, but it is scaled to 2"),
        (12, 10, "the stack wants at most 10, but it is scaled to 12"),
    ],
)
@pytest.mark.parametrize("scaler", [AUTOSCALER, SCALED], ids=["Kubernetes", "KEDA"])
def test_an_autoscalers_count_is_no_drift_within_its_bounds(
    monkeypatch: pytest.MonkeyPatch, told: int, wanted: int, drift: str, scaler: dict[str, Any]
) -> None:
    on, client = cluster(monkeypatch, told)
    found = Drift(on, [DEPLOYMENT, scaler])
    (row,) = on.rows([DEPLOYMENT, scaler])
    assert (row.wanted, row.drift) == (wanted, drift)
    assert list(found.urns) == [], "the engines leave the count to the autoscaler"
    found.rescale()
    assert client.patched == ([("web", "ns", wanted)] if drift else [])


@pytest.mark.parametrize(
    ("told", "wanted", "drift"),
    [
        (7, 7, ""),
        (0, 3, "the stack wants at least 3, but it is scaled to 0"),
        (12, 10, "the stack wants at most 10, but it is scaled to 12"),
    ],
)
def test_a_scalers_count_is_no_drift_within_the_bounds_on_the_service(
    monkeypatch: pytest.MonkeyPatch, told: int, wanted: int, drift: str
) -> None:
    resources = recorded({"replicated": {"replicas": 3}})
    resources[0]["inputs"]["labels"] = [{"label": "ha-platform.scaling", "value": "3-10"}]
    sent: list[Any] = []
    monkeypatch.setattr("cli.on_swarm.update_service", lambda _, id_, service: sent.append((id_, service["Spec"])))
    on = swarm(monkeypatch, replicas(told, told))
    (row,) = on.rows(resources)
    assert (row.wanted, row.drift, row.autoscaled) == (wanted, drift, True)
    found = Drift(on, resources)
    assert list(found.urns) == []
    found.rescale()
    assert [(id_, spec["Mode"]["Replicated"]["Replicas"]) for id_, spec in sent] == ([("1", wanted)] if drift else [])


def test_what_is_found_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    Drift(swarm(monkeypatch, replicas(0, 0)), TWO).tell(said.append, "this sets it again")
    assert said == ["dev-web: the stack wants 2, but it is scaled to 0; this sets it again"]


def test_a_stack_without_resources_asks_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.on_swarm.docker_client", lambda _: pytest.fail("asked"))
    document = {"platform": {"kind": "swarm", "nodes": ["a"], "entry": "dns"}}
    assert not Drift(OnSwarm(StackFile(name="dev", path=Path("s.yaml"), document=document)), []).urns


def test_a_row_without_a_known_reason_is_not_ready() -> None:
    assert Row(urn="", id="", component="", name="", kind="service", wanted=2, told=2, ready=1).wrong == "not ready"
