"""What `make switchover` runs, where, and what it says when it cannot."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli import kubernetes_run, swarm_run
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.operations import Operations
from cli.stack_file import StackFile
from cli.switchover import SCRIPT, switch_over
from cli.workloads import Workload

HOSTS = Hosts(environment={}, address="", description="hosts")
STACK = StackFile(name="dev", path=Path("Pulumi.dev.yaml"))


def workload(word: str, component: str = "PostgresHA main", **more: Any) -> Workload:
    return Workload(urn=word, id=f"ns/{word}", component=component, word=word, name=f"dev-{word}", **more)


JOB = workload("main-pg-settings", once=True)
WORKLOADS = [workload("web", "AppTier web"), workload("main-pg"), JOB, workload("main-rw")]


class Ran:
    """Operations that keep what was run."""

    def __init__(self, code: int = 0, said: str = "noise\nit changed\n", workloads: list[Workload] = WORKLOADS) -> None:
        self._answer, self._workloads = (code, said), workloads
        self.ran: list[Any] = []

    def workloads(self, _: Any) -> list[Workload]:
        return self._workloads

    def host(self, workload: Workload) -> str:
        return f"{workload.name}.ns.svc.cluster.local"

    def run_beside(self, *asked: Any) -> tuple[int, str]:
        self.ran = [*asked]
        return self._answer


def switched(on: Ran, database: str = "main", to: str = "") -> str:
    return switch_over(cast(Operations, on), [], STACK, database, to)


def test_the_script_runs_beside_the_settings_job() -> None:
    on = Ran()
    assert switched(on, to="main-pg-1") == "it changed"
    job, verb, command, _ = on.ran
    assert (job, verb) == (JOB, "switchover")
    files = ("/etc/ha-settings/wanted.json", "/etc/ha-settings/passwords.json")
    assert command == ("python3", "-c", SCRIPT.read_text(), *files, "dev-main-rw.ns.svc.cluster.local", "main-pg-1")


@pytest.mark.parametrize(
    ("on", "database", "said"),
    [
        (Ran(code=1, said="nobody can take over\n"), "main", "main: nobody can take over."),
        (Ran(code=3, said=""), "main", "main: it ended with 3 and said nothing."),
        (Ran(), "", "DB is missing; stack dev has main: `make switchover STACK=dev DB=main`."),
        (Ran(), "web", "DB=web is no database that the stack runs; stack dev has main."),
        (Ran(workloads=WORKLOADS[:1]), "main", "stack dev runs no database of its own."),
    ],
)
def test_what_it_says_when_it_cannot(on: Ran, database: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        switched(on, database)
    assert str(refused.value) == said


class Swarm:
    """A service `dev-job`, and the tasks of what is made beside it."""

    def __init__(self, *states: dict[str, Any], left: str = "") -> None:
        self._states, self._left = list(states), left
        self.sent: dict[str, Any] = {}
        self.removed: list[str] = []

    def inspect_service(self, _: str) -> dict[str, Any]:
        container = {
            "Image": "x",
            "Command": ["gate"],
            "Args": ["a"],
            "Secrets": ["s"],
            "Healthcheck": {"Test": ["CMD"]},
        }
        template = {"ContainerSpec": container, "Networks": ["n"], "RestartPolicy": {"Condition": "on-failure"}}
        return {
            "Spec": {
                "Name": "dev-job",
                "Labels": {"l": "v"},
                "TaskTemplate": template,
                "EndpointSpec": {"Mode": "dnsrr"},
            }
        }

    def services(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        return [{"ID": "old", "Spec": {"Name": filters["name"]}}] if self._left else []

    def tasks(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        if filters["service"] == "old":
            return [{"Status": {"State": self._left}}]
        return [{"Status": self._states.pop(0) if len(self._states) > 1 else self._states[0]}]

    def remove_service(self, service: str) -> None:
        self.removed.append(service)

    def service_logs(self, _: str, **options: Any) -> list[bytes]:
        assert options["follow"] is False
        return [b"said\n"]

    def _url(self, path: str) -> str:
        return path

    def _post_json(self, url: str, *, data: dict[str, Any]) -> dict[str, Any]:
        assert url == "/services/create"
        self.sent = data
        return {"ID": "new"}

    def _result(self, answer: dict[str, Any], *, json: bool) -> dict[str, Any]:
        assert json
        return answer


def on_swarm(monkeypatch: pytest.MonkeyPatch, fake: Swarm, seconds: float = 5) -> tuple[int, str]:
    monkeypatch.setattr(swarm_run, "_POLL_SECONDS", 0)
    monkeypatch.setattr(swarm_run, "docker_client", lambda _: fake)
    return swarm_run.run(JOB, "switchover", ("program", "arg"), seconds, HOSTS)


def test_a_swarm_runs_it_once_and_removes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Swarm({"State": "preparing"}, {"State": "complete"}, left="failed")
    assert on_swarm(monkeypatch, fake) == (0, "said\n")
    assert fake.removed == ["old", "new"], "what an interrupted one left, and its own"
    assert fake.sent["Name"] == "dev-job-switchover"
    assert "Labels" not in fake.sent, "it is no part of the stack"
    task = fake.sent["TaskTemplate"]
    assert task["RestartPolicy"] == {"Condition": "none"}
    assert task["Networks"] == ["n"]
    container = task["ContainerSpec"]
    assert container == {
        "Image": "x", "Command": ["program", "arg"], "Args": [], "Secrets": ["s"], "Healthcheck": {"Test": ["NONE"]},
    }  # fmt: skip


def test_a_swarm_says_how_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"State": "failed", "ContainerStatus": {"ExitCode": 4}}
    assert on_swarm(monkeypatch, Swarm(failed)) == (4, "said\n")
    slow = Swarm({"State": "pending", "Err": "no suitable node"})
    with pytest.raises(CommandError, match=r"did not end within 0 s \(pending: no suitable node\)"):
        on_swarm(monkeypatch, slow, seconds=0)
    assert slow.removed == ["new"]
    with pytest.raises(CommandError, match="another switchover is at work"):
        on_swarm(monkeypatch, Swarm(failed, left="running"))


class Cluster:
    """A job, and what becomes of the one that is made like it."""

    def __init__(self, **status: Any) -> None:
        import kubernetes

        models: Any = kubernetes.client
        self.V1Job, self.V1JobSpec, self.V1ObjectMeta = models.V1Job, models.V1JobSpec, models.V1ObjectMeta
        own = {"app": "a", "controller-uid": "u", "batch.kubernetes.io/job-name": "j", "job-name": "j"}
        container = models.V1Container(name="c", command=["old"], args=["a"])
        self._template = models.V1PodTemplateSpec(
            metadata=models.V1ObjectMeta(labels=own), spec=models.V1PodSpec(containers=[container])
        )
        self._status = (
            SimpleNamespace(succeeded=None, failed=None, active=1) if not status else SimpleNamespace(**status)
        )
        self.made: Any = None
        self.removed: list[str] = []

    def BatchV1Api(self) -> Any:
        def make(_: str, body: Any) -> None:
            self.made = body

        return SimpleNamespace(
            read_namespaced_job=lambda *_: SimpleNamespace(spec=SimpleNamespace(template=self._template)),
            list_namespaced_job=lambda *_, **__: SimpleNamespace(items=[]),
            create_namespaced_job=make,
            read_namespaced_job_status=lambda *_: SimpleNamespace(status=self._status),
            delete_namespaced_job=lambda name, *_, **__: self.removed.append(name),
        )

    def CoreV1Api(self) -> Any:
        pods = [SimpleNamespace(metadata=SimpleNamespace(name="p"))]
        return SimpleNamespace(
            list_namespaced_pod=lambda *_, **__: SimpleNamespace(items=pods),
            read_namespaced_pod_log=lambda *_: "said\n",
        )


def test_a_cluster_runs_it_once_and_removes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Cluster(succeeded=1, failed=None, active=None)
    monkeypatch.setattr(kubernetes_run, "kubernetes_api", lambda _: fake)
    assert kubernetes_run.run(JOB, "switchover", ("program",), 5, HOSTS) == (0, "said\n")
    assert fake.removed == ["main-pg-settings-switchover"]
    assert fake.made.spec.template.metadata.labels == {"app": "a"}, (
        "policies know it by these, the old job by the others"
    )
    assert fake.made.spec.template.spec.containers[0].command == ["program"]
    assert (fake.made.spec.backoff_limit, fake.made.spec.active_deadline_seconds) == (0, 5)


def test_a_cluster_says_how_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes_run, "kubernetes_api", lambda _: Cluster(succeeded=None, failed=1, active=None))
    assert kubernetes_run.run(JOB, "switchover", ("program",), 5, HOSTS) == (1, "said\n")
    slow = Cluster()
    monkeypatch.setattr(kubernetes_run, "kubernetes_api", lambda _: slow)
    with pytest.raises(CommandError, match="did not end within 0 s"):
        kubernetes_run.run(JOB, "switchover", ("program",), 0, HOSTS)
    assert slow.removed == ["main-pg-settings-switchover"]
