"""Which workloads `make logs` and `make restart` take a name for, and in which order they restart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cli import kept, kubernetes_logs, on_swarm
from cli.errors import CommandError
from cli.on_kubernetes import OnKubernetes
from cli.on_swarm import OnSwarm
from cli.restarts import restart_each
from cli.stack_file import StackFile
from cli.status import Row
from cli.workloads import Workload, chosen
from platforms.kubernetes import names as kubernetes_names
from platforms.swarm import names as swarm_names

STACK = StackFile(name="dev", path=Path("s.yaml"), document={})


def workload(component: str, word: str, ordinal: int | None = None, *, once: bool = False) -> Workload:
    name = word if ordinal is None else f"{word}-{ordinal}"
    return Workload(urn=name, id=name, component=component, word=word, name=f"dev-{name}", once=once)


DATABASE = [workload("PostgresHA main", word, ordinal) for word in ("main-etcd", "main-pg") for ordinal in range(3)]
WORKLOADS = [
    *DATABASE,
    workload("AppTier web", "web-migrate", once=True),
    workload("AppTier web", "web"),
    workload("MonitoringStack monitoring", "prometheus"),
]


@pytest.mark.parametrize(
    ("app", "found"),
    [
        ("main", [f"dev-{word}-{ordinal}" for word in ("main-etcd", "main-pg") for ordinal in range(3)]),
        ("main-pg", ["dev-main-pg-0", "dev-main-pg-1", "dev-main-pg-2"]),
        ("main-pg-1", ["dev-main-pg-1"]),
        ("dev-main-pg-1", ["dev-main-pg-1"]),
        ("web", ["dev-web-migrate", "dev-web"]),
        ("prometheus", ["dev-prometheus"]),
        ("monitoring", ["dev-prometheus"]),
    ],
)
def test_a_name_means_a_component_or_a_part_of_it(app: str, found: list[str]) -> None:
    assert [one.name for one in chosen(WORKLOADS, app, STACK, "logs")] == found


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("wbe", "APP=wbe is no part of the stack; did you mean web? Stack dev has main, monitoring, web."),
        ("main-gp", "did you mean main-pg"),
        ("zzz", "APP=zzz is no part of the stack; Stack dev has main, monitoring, web."),
        ("", "APP is missing; stack dev has main, monitoring, web: `make logs STACK=dev APP=main`."),
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(app: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        chosen(WORKLOADS, app, STACK, "logs")
    assert said in str(refused.value)


def ready(workload: Workload, count: int = 1) -> Row:
    name, urn = workload.name, workload.urn
    return Row(urn=urn, id=urn, component="", name=name, kind="service", wanted=1, told=1, ready=count)


class Restarting:
    """Operations that write down what is restarted; `away` is not ready from when `after` was restarted."""

    def __init__(self, workloads: Sequence[Workload] = WORKLOADS, *, away: str = "", after: str = "") -> None:
        self._workloads = workloads
        self._away, self._after = away, after
        self.restarted: list[str] = []

    def workloads(self, resources: object) -> Sequence[Workload]:
        del resources
        return self._workloads

    def rows(self, resources: object) -> list[Row]:
        del resources
        begun = not self._after or self._after in self.restarted
        return [ready(one, 0 if one.name == self._away and begun else 1) for one in self._workloads]

    def restart(self, workload: Workload) -> None:
        self.restarted.append(workload.name)


def restart(on: Any, app: str) -> None:
    restart_each(on, [], chosen(on.workloads([]), app, STACK, "restart"), app)


def test_members_restart_one_after_another_in_the_order_of_an_update() -> None:
    on = Restarting()
    restart(on, "main")
    assert on.restarted == [one.name for one in DATABASE]


def test_what_runs_once_is_not_restarted() -> None:
    on = Restarting()
    restart(on, "web")
    assert on.restarted == ["dev-web"]
    with pytest.raises(CommandError, match="dev-web-migrate runs once"):
        restart(on, "web-migrate")


def test_a_member_waits_for_the_one_beside_it() -> None:
    on = Restarting(away="dev-main-pg-0", after="dev-main-pg-0")
    with pytest.raises(CommandError, match=r"dev-main-pg-1 was not restarted: dev-main-pg-0 beside it is not ready"):
        restart(on, "main")
    assert on.restarted == [one.name for one in DATABASE[:4]]


def test_a_member_that_is_away_can_be_restarted_alone() -> None:
    on = Restarting(away="dev-main-pg-1")
    restart(on, "main-pg-1")
    assert on.restarted == ["dev-main-pg-1"]
    with pytest.raises(CommandError, match="dev-main-pg-0 was not restarted"):
        restart(on, "main-pg")


def test_a_name_of_two_components_is_refused() -> None:
    on = Restarting([*DATABASE, workload("AppTier main", "main")])
    with pytest.raises(CommandError, match=r"APP=main is AppTier main and PostgresHA main; name what to restart"):
        restart(on, "main")
    assert on.restarted == []


def test_the_labels_are_those_of_the_platforms() -> None:
    assert on_swarm.COMPONENT_LABEL == swarm_names.COMPONENT_LABEL
    assert kept.JOB_LABEL == swarm_names.JOB_LABEL
    assert kubernetes_logs.NAME_LABEL == kubernetes_names.NAME_LABEL


PARENT = "urn:pulumi:dev::ha-platform::ha-platform:apps:AppTier::web"


def test_workloads_of_a_swarms_state() -> None:
    labels = [{"label": "ha-platform.component", "value": "web"}, {"label": "ha-platform.job", "value": "true"}]
    service = {"type": "docker:index/service:Service", "urn": "u", "id": "1", "parent": PARENT}
    resources: list[dict[str, Any]] = [
        {"type": "pulumi:pulumi:Stack"},
        {**service, "inputs": {"name": "dev-web", "labels": labels, "convergeConfig": {"timeout": "1m30s"}}},
        {**service, "inputs": {"name": "dev-exporter", "labels": labels[:1]}},
    ]
    document = {"platform": {"kind": "swarm", "nodes": ["a"], "entry": "dns"}}
    web, exporter = OnSwarm(StackFile(name="dev", path=Path("s"), document=document)).workloads(resources)
    assert web == Workload(urn="u", id="1", component="AppTier web", word="web", name="dev-web", once=True, seconds=90)
    assert (exporter.once, exporter.seconds) == (False, 600)


def test_workloads_of_a_clusters_state() -> None:
    inputs = {"metadata": {"labels": {"app.kubernetes.io/name": "web"}}}
    common = {"urn": "u", "parent": PARENT, "inputs": inputs}
    resources = [
        {**common, "type": "kubernetes:core/v1:Service", "id": "ns/web"},
        {**common, "type": "kubernetes:batch/v1:Job", "id": "ns/web-migrate-1"},
        {**common, "type": "kubernetes:apps/v1:Deployment", "id": "ns/web", "customTimeouts": {"update": 120}},
    ]
    document = {"platform": {"kind": "kubernetes"}}
    job, web = OnKubernetes(StackFile(name="dev", path=Path("s"), document=document)).workloads(resources)
    assert (job.once, job.name, web.once, web.word, web.seconds) == (True, "web-migrate-1", False, "web", 120)
