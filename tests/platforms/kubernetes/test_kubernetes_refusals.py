"""What Kubernetes cannot honour is refused by the field's name, all of it at once, before anything is registered."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from model import PublicPort, Rollout, Security, Stop
from platforms.base import Unsupported
from tests.platforms.kubernetes.words import SCALING, container, job, members, rendered, workload


def on_workload(**fields: Any) -> Callable[..., object]:
    return lambda platform, parent: platform.workload(workload(**fields), parent=parent)


def in_container(**fields: Any) -> Callable[..., object]:
    return on_workload(container=container(**fields))


def twice(platform: Any, parent: Any) -> None:
    platform.job(job(name="db-1"), parent=parent)
    platform.members(members(), parent=parent)


ROOT_USER = container(image=replace(container().image, uid=0))
PUBLIC = (PublicPort(port="http", published=8080, audience="clients"),)

CASES: dict[str, tuple[Callable[..., object], str]] = {
    "image of root": (on_workload(container=ROOT_USER), "stack.apps.web.container.image"),
    "capability": (
        in_container(security=Security(capabilities=("SYS_TIME",))),
        "stack.apps.web.container.security",
    ),
    "deadline": (on_workload(rollout=Rollout(stable_seconds=9, deadline_seconds=9)), "stack.apps.web.rollout.deadline"),
    "no metric": (
        on_workload(scaling=replace(SCALING, cpu_percent=None, memory_percent=None)),
        "stack.apps.web.scaling",
    ),
    "name": (on_workload(name="Web"), "stack.apps.web.name"),
    "several that stop first": (on_workload(rollout=Rollout(order="stop-first")), "stack.apps.web.rollout.order"),
    "spread over too few nodes": (on_workload(spread="require", replicas=3), "stack.apps.web.spread"),
    "spread when it has scaled": (on_workload(spread="require", replicas=2, scaling=SCALING), "stack.apps.web.spread"),
    "members on too few nodes": (
        lambda platform, parent: platform.members(members(), parent=parent),
        "stack.databases.db.count",
    ),
    "same name": (twice, "stack.databases.db.name"),
    "members without ports": (
        lambda platform, parent: platform.members(members(ports=()), parent=parent),
        "stack.databases.db.ports",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_by_the_fields_name(case: str) -> None:
    build, path = CASES[case]
    with pytest.raises(Unsupported) as caught:
        rendered(build, nodes=2)
    assert [str(refusal.path) for refusal in caught.value.refusals if str(refusal.path).startswith(path)]


def test_a_published_port_needs_a_node_port() -> None:
    with pytest.raises(Unsupported, match=r"8080 \+ platform.node_port_offset \(30000\) is not a node port"):
        rendered(on_workload(public_ports=PUBLIC), entry="node-port")
    assert rendered(on_workload(public_ports=PUBLIC), entry="node-port", node_port_offset=22000)


ALLOWED = replace(ROOT_USER, security=Security(allow_root=True))


def test_a_restricted_namespace_admits_no_root() -> None:
    with pytest.raises(Unsupported, match="enforces Pod Security `restricted`, which admits no root") as caught:
        rendered(on_workload(container=ALLOWED))
    assert [refusal.path for refusal in caught.value.refusals] == ["stack.apps.web.container.security.allow_root"]
    out = rendered(on_workload(container=ALLOWED), pod_security="baseline")
    labels = out.resource("Namespace", "namespace").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    pod, container_ = out.pod("Deployment", "web"), out.container("Deployment", "web")
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (0, False)
    assert container_["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    template = out.spec("Deployment", "web")["template"]["metadata"]
    assert template["annotations"] == {"ha-platform/allow-root": "true"}


def test_a_baseline_namespace_admits_more_capabilities() -> None:
    some = in_container(security=Security(capabilities=("CHOWN", "SETUID")))
    assert rendered(some, pod_security="baseline").container("Deployment", "web")["securityContext"][
        "capabilities"
    ] == {
        "drop": ["ALL"],
        "add": ["CHOWN", "SETUID"],
    }
    with pytest.raises(Unsupported, match="`restricted` allows only NET_BIND_SERVICE"):
        rendered(some)
    with pytest.raises(Unsupported, match="`baseline` allows only AUDIT_WRITE, CHOWN"):
        rendered(in_container(security=Security(capabilities=("SYS_TIME",))), pod_security="baseline")


def test_a_node_port_hides_who_connects() -> None:
    limited = (replace(PUBLIC[0], published=30080, sources=("203.0.113.0/24",)),)
    with pytest.raises(Unsupported, match="replicas see the address of the node that was asked") as caught:
        rendered(on_workload(public_ports=limited), entry="node-port")
    assert [refusal.path for refusal in caught.value.refusals] == ["stack.apps.web.public_ports.http.sources"]
    for entry in ("load-balancer", "cluster-ip"):
        assert rendered(on_workload(public_ports=limited), entry=entry)


def test_a_kubeconfig_that_is_not_there() -> None:
    with pytest.raises(ValidationError, match="there is no such file"):
        rendered(on_workload(), kubeconfig="/nowhere/config")


def test_all_refusals_come_at_once() -> None:
    with pytest.raises(Unsupported) as caught:
        rendered(on_workload(container=replace(ROOT_USER, stop=Stop(signal="SIGNOPE"))))
    assert len(caught.value.refusals) == 2
