"""What is kept where a cluster or a node has no room."""

from typing import Any

import pytest

from model import Port, Scratch, Security, Tier
from model.units import MIB
from platforms.base import Unsupported
from tests.platforms.kubernetes.words import Rendered, agent, container, job, members, rendered, workload

METRICS = (Port(name="metrics", number=9100),)


def everything(**settings: Any) -> Rendered:
    def build(platform: Any, parent: Any) -> None:
        platform.members(members(name="db"), parent=parent)
        platform.workload(workload(name="proxy", tier=Tier.DATA), parent=parent)
        platform.workload(workload(name="exporter", tier=Tier.DATA, ports=METRICS), parent=parent)
        platform.workload(workload(name="web", ports=METRICS), parent=parent)
        platform.members(members(name="watcher", tier=Tier.MONITORING), parent=parent)
        platform.job(job(name="migrate"), parent=parent)
        platform.agent(agent(name="node"), parent=parent)

    return rendered(build, **settings)


PODS = [
    ("StatefulSet", "db", "stores"),
    ("Deployment", "proxy", "stores"),
    ("Deployment", "web", "apps"),
    ("Job", "migrate", "apps"),
    ("Deployment", "exporter", "exporters"),
    ("StatefulSet", "watcher", "exporters"),
    ("DaemonSet", "node", "exporters"),
]


def test_stores_are_kept_before_applications_before_exporters() -> None:
    out = everything()
    for kind, name, level in PODS:
        assert out.pod(kind, name)["priorityClassName"] == f"ha-platform-test-{level}", name
        assert f"priority-{level}" in out.resource(kind, name).depends_on, "the class is there before its pods"
    classes = [out.resource("PriorityClass", f"priority-{level}").inputs for level in ("stores", "apps", "exporters")]
    values = [one["value"] for one in classes]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0, "above pods of no class"
    assert [one["preemptionPolicy"] for one in classes] == ["PreemptLowerPriority", "Never", "Never"]


def test_applications_have_levels_of_their_own_between_stores_and_exporters() -> None:
    def build(platform: Any, parent: Any) -> None:
        platform.members(members(name="db"), parent=parent)
        platform.workload(workload(name="chat", priority="high"), parent=parent)
        platform.job(job(name="migrate", priority="high"), parent=parent)
        platform.workload(workload(name="web"), parent=parent)
        platform.members(members(name="batch", tier=Tier.APP, priority="low"), parent=parent)
        platform.workload(workload(name="exporter", tier=Tier.DATA, ports=METRICS), parent=parent)

    out = rendered(build)
    wanted = [
        ("StatefulSet", "db", "stores"),
        ("Deployment", "chat", "apps-high"),
        ("Job", "migrate", "apps-high"),
        ("Deployment", "web", "apps"),
        ("StatefulSet", "batch", "apps-low"),
        ("Deployment", "exporter", "exporters"),
    ]
    for kind, name, level in wanted:
        assert out.pod(kind, name)["priorityClassName"] == f"ha-platform-test-{level}", name
    levels = list(dict.fromkeys(level for _, _, level in wanted))
    classes = [out.resource("PriorityClass", f"priority-{level}").inputs for level in levels]
    assert [one["value"] for one in classes] == [3000, 2500, 2000, 1500, 1000]
    takes = [level for level, one in zip(levels, classes, strict=True) if one["preemptionPolicy"] != "Never"]
    assert takes == ["stores", "apps-high"]


def test_a_priority_needs_classes() -> None:
    with pytest.raises(Unsupported, match="the stack makes no PriorityClasses"):
        rendered(
            lambda platform, parent: platform.workload(workload(priority="low"), parent=parent), priority_classes=False
        )


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        ({}, True),
        ({"create_namespace": False}, False),
        ({"priority_classes": False}, False),
        ({"create_namespace": False, "priority_classes": True}, True),
    ],
)
def test_objects_of_the_whole_cluster_are_made_only_by_those_who_may(settings: dict[str, Any], made: bool) -> None:
    out = everything(**settings)
    assert bool(out.names("PriorityClass")) is made
    assert ("priorityClassName" in out.pod("StatefulSet", "db")) is made


@pytest.mark.parametrize(
    ("scratch", "read_only_root", "most"),
    [
        ((), True, "128Mi"),  # the log, and /tmp of 64 MiB
        ((Scratch(path="/tmp", size_bytes=16 * MIB),), True, "64Mi"),  # in memory
        ((Scratch(path="/var/cache", size_bytes=192 * MIB),), True, "320Mi"),
        ((), False, "1152Mi"),
    ],
)
def test_a_container_may_fill_the_nodes_disk_as_far_as_it_said(
    scratch: tuple[Scratch, ...], read_only_root: bool, most: str
) -> None:
    word = workload(container=container(scratch=scratch, security=Security(read_only_root=read_only_root)))
    out = rendered(lambda platform, parent: platform.workload(word, parent=parent)).container("Deployment", "web")
    assert out["resources"]["requests"]["ephemeral-storage"] == "64Mi"
    assert out["resources"]["limits"]["ephemeral-storage"] == most


def test_every_container_has_its_share_of_the_disk() -> None:
    out = everything()
    for kind, name, _ in PODS:
        resources = out.container(kind, name)["resources"]
        assert {"cpu", "memory", "ephemeral-storage"} == resources["requests"].keys() == resources["limits"].keys()


@pytest.mark.parametrize("demanded", [False, True])
def test_apparmor_is_demanded_where_nodes_have_it(demanded: bool) -> None:
    out = everything(apparmor=demanded)
    for kind, name, _ in PODS:
        profile = out.pod(kind, name)["securityContext"].get("appArmorProfile")
        assert profile == ({"type": "RuntimeDefault"} if demanded else None), name
