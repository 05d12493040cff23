"""How one workload is restarted: what the orchestrator is told, and when that has ended."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cli import kubernetes_restart, swarm_restart
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.workloads import Workload

HOSTS = Hosts(environment={}, address="", description="hosts")
WEB = Workload(urn="u", id="ns/web", component="AppTier web", word="web", name="dev-web")


class FakeSwarm:
    """A service whose update goes through `states`."""

    def __init__(self, *states: str, replicas: int = 2) -> None:
        self._states = list(states)
        self._spec = {
            "Name": "dev-web",
            "Unknown": {"kept": True},
            "Mode": {"Replicated": {"Replicas": replicas}},
            "TaskTemplate": {"ForceUpdate": 3, "ContainerSpec": {"Image": "x"}},
        }
        self.sent: dict[str, Any] = {}

    def inspect_service(self, service: str) -> dict[str, Any]:
        assert service == "ns/web"
        status = {"State": self._states.pop(0), "Message": "why"} if self.sent and self._states else {}
        return {"Spec": self._spec, "Version": {"Index": 7}, "UpdateStatus": status}

    def _url(self, path: str, service: str) -> str:
        return path.format(service)

    def _post_json(self, url: str, *, data: dict[str, Any], params: dict[str, int]) -> str:
        self.sent = {"url": url, "data": data, **params}
        return "answer"

    def _raise_for_status(self, answer: str) -> None:
        assert answer == "answer"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (swarm_restart, kubernetes_restart):
        monkeypatch.setattr(module, "_POLL_SECONDS", 0)


def swarm(monkeypatch: pytest.MonkeyPatch, *states: str, replicas: int = 2) -> FakeSwarm:
    fake = FakeSwarm(*states, replicas=replicas)
    monkeypatch.setattr("cli.swarm_restart.docker_client", lambda _: fake)
    return fake


def test_a_service_is_updated_to_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = swarm(monkeypatch, "updating", "updating", "completed")
    swarm_restart.restart(WEB, HOSTS)
    assert (fake.sent["url"], fake.sent["version"]) == ("/services/ns/web/update", 7)
    assert fake.sent["data"]["TaskTemplate"] == {"ForceUpdate": 4, "ContainerSpec": {"Image": "x"}}
    assert fake.sent["data"]["Unknown"] == {"kept": True}, "what is not known is sent back"


@pytest.mark.parametrize("state", ["paused", "rollback_started", "rollback_completed"])
def test_an_update_that_stops_is_a_fault(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    swarm(monkeypatch, "updating", state)
    with pytest.raises(CommandError, match=rf"dev-web: the restart did not end \({state}\): why"):
        swarm_restart.restart(WEB, HOSTS)


def test_an_update_that_does_not_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    swarm(monkeypatch)
    with pytest.raises(CommandError, match="still not begun after 0 s"):
        swarm_restart.restart(replace(WEB, seconds=0), HOSTS)


def test_nothing_is_told_to_a_service_of_no_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = swarm(monkeypatch, replicas=0)
    with pytest.raises(CommandError, match="dev-web is scaled to 0"):
        swarm_restart.restart(WEB, HOSTS)
    assert fake.sent == {}


def live(*, generation: int = 2, seen: int = 2, replicas: int = 3, new: int = 3, ready: int = 3) -> Any:
    status = SimpleNamespace(
        observed_generation=seen, replicas=replicas, updated_replicas=new, ready_replicas=ready,
        desired_number_scheduled=3, updated_number_scheduled=new, number_ready=ready,
    )  # fmt: skip
    metadata = SimpleNamespace(generation=generation)
    return SimpleNamespace(metadata=metadata, spec=SimpleNamespace(replicas=3), status=status)


class FakeCluster:
    """A workload that goes through `looks`."""

    def __init__(self, *looks: Any, replicas: int = 3) -> None:
        self._looks = list(looks)
        self._replicas = replicas
        self.patched: list[Any] = []

    def AppsV1Api(self) -> Any:
        def patch(name: str, namespace: str, body: Any, *, _content_type: str) -> Any:
            assert _content_type == "application/strategic-merge-patch+json"
            self.patched.append((namespace, name, body))
            return SimpleNamespace(spec=SimpleNamespace(replicas=self._replicas))

        def read(name: str, namespace: str) -> Any:
            assert (namespace, name) == ("ns", "web")
            return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

        kinds = ("deployment", "stateful_set", "daemon_set")
        calls = {f"patch_namespaced_{kind}": patch for kind in kinds}
        return SimpleNamespace(**calls, **{f"read_namespaced_{kind}_status": read for kind in kinds})


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_clusters_workload_is_restarted_by_its_template(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    fake = FakeCluster(live(seen=1), live(new=1), live(ready=2), live())
    monkeypatch.setattr("cli.kubernetes_restart.kubernetes_api", lambda _: fake)
    kubernetes_restart.restart(WEB, kind, HOSTS)
    ((namespace, name, body),) = fake.patched
    assert (namespace, name) == ("ns", "web")
    assert "kubectl.kubernetes.io/restartedAt" in body["spec"]["template"]["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (live(seen=1), "the cluster has not seen it"),
        (live(new=1), "1 of 3 pods are new"),
        (live(replicas=4), "3 of 3 pods are new"),  # an old one has not ended
        (live(ready=2), "2 of 3 pods are ready"),
    ],
)
def test_what_is_left_when_time_is_up(monkeypatch: pytest.MonkeyPatch, look: Any, said: str) -> None:
    monkeypatch.setattr("cli.kubernetes_restart.kubernetes_api", lambda _: FakeCluster(look))
    with pytest.raises(CommandError, match=rf"web: the restart did not end within 0 s: {said}"):
        kubernetes_restart.restart(replace(WEB, seconds=0), "Deployment", HOSTS)


def test_a_deployment_of_no_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.kubernetes_restart.kubernetes_api", lambda _: FakeCluster(live(), replicas=0))
    with pytest.raises(CommandError, match="web is scaled to 0"):
        kubernetes_restart.restart(WEB, "Deployment", HOSTS)
