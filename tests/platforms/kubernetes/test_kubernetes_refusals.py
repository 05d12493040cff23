"""What Kubernetes cannot honour is refused by the field's name, all of it at once, before anything is registered."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from model import ConfigFile, File, HostPath, PublicPort, Rollout, Scratch, Secret, Security, Stop, Volume
from platforms.base import Unsupported
from tests.platforms.kubernetes.words import SCALING, agent, container, job, members, rendered, workload


def on_workload(**fields: Any) -> Callable[..., object]:
    return lambda platform, parent: platform.workload(workload(**fields), parent=parent)


def in_container(**fields: Any) -> Callable[..., object]:
    return on_workload(container=container(**fields))


def with_file(*paths: str, **fields: Any) -> Callable[..., object]:
    def build(platform: Any, parent: Any) -> None:
        source = platform.config_file(ConfigFile(name="conf", text="c"), parent=parent)
        files = tuple(File(path=path, source=source) for path in paths)
        platform.workload(workload(container=container(files=files, **fields)), parent=parent)

    return build


def with_secret_env(variable: str, **fields: Any) -> Callable[..., object]:
    def build(platform: Any, parent: Any) -> None:
        secret = platform.secret(Secret(name="key", value="hunter2"), parent=parent)
        platform.workload(workload(container=container(secret_env={variable: secret}, **fields)), parent=parent)

    return build


def twice(platform: Any, parent: Any) -> None:
    platform.job(job(name="db-1"), parent=parent)
    platform.members(members(), parent=parent)


ROOT_USER = container(image=replace(container().image, uid=0))
PUBLIC = (PublicPort(port="http", published=8080, audience="clients"),)

CASES: dict[str, tuple[Callable[..., object], str]] = {
    "root": (in_container(security=Security(run_as_root=True)), "apps.web.container.security.run_as_root"),
    "image of root": (on_workload(container=ROOT_USER), "apps.web.container.image"),
    "capability": (in_container(security=Security(capabilities=("SYS_TIME",))), "apps.web.container.security.cap"),
    "signal": (in_container(stop=Stop(signal="SIGNOPE")), "apps.web.container.stop.signal"),
    "spread": (on_workload(spread="maybe"), "apps.web.spread"),
    "deadline": (on_workload(rollout=Rollout(stable_seconds=9, deadline_seconds=9)), "apps.web.rollout.deadline"),
    "public port of none": (
        on_workload(public_ports=(PublicPort(port="x", published=1, audience="clients"),)),
        "apps.web.public_ports",
    ),
    "no metric": (on_workload(scaling=replace(SCALING, cpu_percent=None, memory_percent=None)), "apps.web.scaling"),
    "choice": (on_workload(scaling=replace(SCALING, up=replace(SCALING.up, choose="x"))), "apps.web.scaling.up.choose"),
    "name": (on_workload(name="Web"), "apps.web.name"),
    "same name": (twice, "databases.db.name"),
    "relative file": (with_file("etc/x"), "apps.web.container.files"),
    "file in the root": (with_file("/x"), "apps.web.container.files"),
    "same file": (with_file("/etc/a/x", "/etc/a/x"), "apps.web.container.files"),
    "scratch on files": (with_file("/etc/a/x", scratch=(Scratch(path="/etc/a"),)), "apps.web.container.scratch"),
    "scratch in files": (with_file("/etc/a/x", scratch=(Scratch(path="/etc/a/b"),)), "apps.web.container.scratch"),
    "relative scratch": (in_container(scratch=(Scratch(path="x"),)), "apps.web.container.scratch"),
    "variable name": (with_secret_env("a-b"), "apps.web.container.secret_env"),
    "launcher without command": (with_secret_env("A", command=()), "apps.web.container.secret_env"),
    "job without command": (
        lambda platform, parent: platform.job(job(container=container(command=())), parent=parent),
        "apps.web.migrate.container.command",
    ),
    "members without ports": (
        lambda platform, parent: platform.members(members(ports=()), parent=parent),
        "databases.db.ports",
    ),
    "many published members": (
        lambda platform, parent: platform.members(members(public_ports=PUBLIC), parent=parent),
        "databases.db.public_ports",
    ),
    "volume at the root": (
        lambda platform, parent: platform.members(members(volume=Volume(path="/", size_bytes=1)), parent=parent),
        "databases.db.volume",
    ),
    "host path at the root": (
        lambda platform, parent: platform.agent(
            agent(host_paths=(HostPath(host_path="/", mount_path="/"),)), parent=parent
        ),
        "monitoring.node.host_paths",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_by_the_fields_name(case: str) -> None:
    build, path = CASES[case]
    with pytest.raises(Unsupported) as caught:
        rendered(build)
    assert [str(refusal.path) for refusal in caught.value.refusals if str(refusal.path).startswith(path)]
    assert "hunter2" not in str(caught.value)


def test_a_published_port_needs_a_node_port() -> None:
    with pytest.raises(Unsupported, match=r"8080 \+ platform.node_port_offset \(30000\) is no node port"):
        rendered(on_workload(public_ports=PUBLIC), entry="node-port")
    assert rendered(on_workload(public_ports=PUBLIC), entry="node-port", node_port_offset=22000)


def test_a_kubeconfig_that_is_not_there() -> None:
    with pytest.raises(Unsupported, match="kubeconfig: /nowhere/config: no such file"):
        rendered(on_workload(), kubeconfig="/nowhere/config")


def test_all_refusals_come_at_once() -> None:
    with pytest.raises(Unsupported) as caught:
        rendered(on_workload(spread="maybe", container=ROOT_USER))
    assert len(caught.value.refusals) == 2
