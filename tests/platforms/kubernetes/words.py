"""Small words for the tests in this folder, and what Kubernetes makes of them."""

from collections.abc import Callable
from typing import Any

import pulumi

from model import (
    Agent,
    Container,
    HttpCheck,
    Image,
    Job,
    Members,
    Origin,
    Port,
    Probe,
    Probes,
    Resources,
    Scaling,
    ScalingStep,
    TcpCheck,
    Tier,
    Volume,
    Workload,
)
from platforms.kubernetes.platform import KubernetesPlatform
from platforms.kubernetes.settings import KubernetesSettings
from tests.mock_engine import Recorded, render

Build = Callable[[KubernetesPlatform, pulumi.Resource], object]

PORT = Port(name="http", number=8080)
SCALING = Scaling(
    min_replicas=3,
    max_replicas=10,
    cpu_percent=70,
    memory_percent=80,
    up=ScalingStep(stabilization_seconds=0, percent=100, replicas=4, period_seconds=15, choose="max"),
    down=ScalingStep(stabilization_seconds=300, percent=50, replicas=2, period_seconds=60, choose="min"),
)


def container(**fields: Any) -> Container:
    resources = Resources(
        cpu_request_millis=250, cpu_limit_millis=1000, memory_request_bytes=2**28, memory_limit_bytes=2**29
    )
    image = Image(ref="registry.example/app:1", uid=1001, gid=1002)
    return Container(**{"image": image, "resources": resources, "command": ("run",), **fields})


def probes() -> Probes:
    return Probes(
        ready=Probe(check=HttpCheck(path="/ready", port=8080), interval_seconds=2, timeout_seconds=1, failures=4),
        live=Probe(check=TcpCheck(port=8080), interval_seconds=10, timeout_seconds=2, failures=6),
        start_seconds=61,
    )


def workload(**fields: Any) -> Workload:
    given: dict[str, Any] = {
        "name": "web",
        "origin": Origin(root="stack", key="apps", name="web"),
        "tier": Tier.APP,
        "container": container(),
        "replicas": 3,
        "ports": (PORT,),
        "probes": probes(),
    }
    return Workload(**given | fields)


def members(**fields: Any) -> Members:
    given: dict[str, Any] = {
        "name": "db",
        "origin": Origin(root="stack", key="databases", name="db"),
        "tier": Tier.DATA,
        "container": container(),
        "count": 3,
        "volume": Volume(path="/var/lib/db", size_bytes=2**30),
        "ports": (PORT,),
        "probes": probes(),
    }
    return Members(**given | fields)


def agent(**fields: Any) -> Agent:
    given: dict[str, Any] = {
        "name": "node",
        "origin": Origin(root="stack", key="monitoring", below=("node",)),
        "tier": Tier.MONITORING,
        "container": container(),
        "ports": (PORT,),
        "probes": probes(),
    }
    return Agent(**given | fields)


def job(**fields: Any) -> Job:
    given: dict[str, Any] = {
        "name": "migrate",
        "origin": Origin(root="stack", key="apps", name="web", below=("migrate",)),
        "tier": Tier.APP,
        "container": container(),
    }
    return Job(**given | fields)


class Rendered:
    """What was registered, by kind and Pulumi name."""

    def __init__(self, recorded: list[Recorded]) -> None:
        self.recorded = recorded
        self._by_key = {(one.type.rpartition(":")[2], one.name): one for one in recorded}

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._by_key

    def resource(self, kind: str, name: str) -> Recorded:
        return self._by_key[kind, name]

    def spec(self, kind: str, name: str) -> Any:
        return self._by_key[kind, name].inputs["spec"]

    def pod(self, kind: str, name: str) -> Any:
        return self.spec(kind, name)["template"]["spec"]

    def container(self, kind: str, name: str) -> Any:
        return self.pod(kind, name)["containers"][0]

    def names(self, kind: str) -> set[str]:
        return {name for key, name in self._by_key if key == kind}


def rendered(build: Build, *, data: Any = "delete", **settings: Any) -> Rendered:
    """The registrations of a program whose platform has `settings`."""
    model = KubernetesSettings.model_validate({"kind": "kubernetes", **settings})

    def program(parent: pulumi.Resource) -> None:
        platform = KubernetesPlatform(model, stack="test", data=data)
        with platform.gathering():
            build(platform, parent)

    return Rendered(render(program))
