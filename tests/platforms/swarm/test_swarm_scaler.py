"""What a Swarm makes of `scaling`: the service, the controller, and the gate to Docker."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from model import Endpoint, Origin, Scaling, ScalingMetric, ScalingWindow, Workload
from model.scaling import FRESH, WINDOW
from platforms.base import Unsupported
from platforms.swarm.platform import SwarmPlatform
from platforms.swarm.running import Running
from tests.mock_engine import Recorded, render
from tests.platforms.swarm.rendering import SETTINGS, label
from tests.platforms.words import IMAGE, SCALING, Objects, words

MONITORING = Origin(key="monitoring").at("scaler")
SERVICE = "docker:index/service:Service"


@dataclass
class Made:
    """`found`: what was registered, `endpoint`: where the scaler answers."""

    found: list[Recorded]
    endpoint: Endpoint | None

    def service(self, name: str) -> dict[str, Any]:
        (inputs,) = (one.inputs for one in self.found if one.type == SERVICE and one.name == name)
        return inputs

    def told(self) -> dict[str, Any]:
        (text,) = (one.inputs["dataRaw"] for one in self.found if one.name == "scaler-config")
        found: dict[str, Any] = json.loads(text)
        return found


def made(
    *scalings: Scaling | None,
    prepare: Callable[[SwarmPlatform], object] = lambda _: None,
    change: Callable[[Workload], Workload] = lambda word: word,
    scaler: bool = True,
    scrape_seconds: int = 30,
    opts: Callable[[], pulumi.ResourceOptions | None] = lambda: None,
) -> Made:
    """Workloads `app`, `app-1` and so on with these policies, and what is built after them."""
    endpoints = []

    def build(parent: pulumi.Resource) -> None:
        platform = SwarmPlatform(SETTINGS, stack="shop", data="keep")
        prepare(platform)
        word = words(Objects.make(platform, parent))["workload"]
        assert isinstance(word, Workload)
        place = pulumi.ComponentResource("test:index:App", "place", None, opts()) if opts() else parent
        with platform.gathering():
            for number, scaling in enumerate(scalings):
                name = f"app-{number}" if number else "app"
                platform.workload(change(replace(word, name=name, scaling=scaling)), parent=place)
            if scaler:
                endpoints.append(
                    platform.scaler(
                        MONITORING, image=IMAGE, prometheus="http://shop-prometheus:9090",
                        scrape_seconds=scrape_seconds, parent=parent,
                    )
                )  # fmt: skip
            platform.finish()

    found = render(build, stack="shop")
    return Made(found, endpoints[0] if endpoints else None)


def test_what_the_controller_is_told() -> None:
    told = made(SCALING).told()
    (app,) = told.pop("services")
    assert told == {
        "listen": "0.0.0.0",
        "port": 9198,
        "every": 15,
        "prometheus": "http://shop-prometheus:9090",
        "gate": "shop-scaler-gate",
        "gate_port": 9197,
    }
    cpu, memory = app.pop("metrics")
    assert (cpu["name"], cpu["request"]) == ("cpu", 0.1)
    assert cpu["target"] == pytest.approx(0.07), "70 % of 100m"
    assert 'service="shop-app"}[120s])' in cpu["query"]
    assert (memory["name"], memory["request"]) == ("memory", 64 * 2**20)
    assert memory["target"] == pytest.approx(53687091.2), "80 % of 64Mi"
    step = {"stabilization": 60, "percent": 100, "replicas": 4, "period": 15, "choose": "max"}
    assert app == {"app": "app", "service": "shop-app", "least": 3, "most": 10, "up": step, "down": step, "windows": []}


def test_what_the_controller_is_told_of_a_metric_of_all() -> None:
    queue = ScalingMetric(name="queue_length", query=f"sum(rate(a[{WINDOW}])) + max(b < {FRESH})", per_replica=2.5)
    alone = replace(SCALING, cpu_percent=None, memory_percent=None, metrics=(queue,))
    (app,) = made(alone, scrape_seconds=10).told()["services"]
    (metric,) = app["metrics"]
    assert metric == {
        "name": "queue_length",
        "target": 2.5,
        "whole": True,
        "query": "(sum(rate(a[40s])) + max(b < 25)) and on() (count(timestamp(up) > time() - 25))",
    }


def test_what_the_controller_is_told_of_busy_hours() -> None:
    window = ScalingWindow(starts="0 7 * * 1-5", ends="0 20 * * 1-5", zone="Europe/Berlin", min_replicas=6)
    found = made(replace(SCALING, windows=(window,)))
    (app,) = found.told()["services"]
    assert app["windows"] == [{"starts": "0 7 * * 1-5", "ends": "0 20 * * 1-5", "zone": "Europe/Berlin", "least": 6}]
    assert label(found.service("app"), "ha-platform.scaling") == "3-10", "the gate lets it go back"
    (clock,) = (one.inputs["dataRaw"] for one in found.found if one.name == "scaler-clock")
    assert "class Clock" in clock, "the program itself, and not the one that names it"


def test_one_controller_for_all_and_nothing_for_what_has_a_fixed_count() -> None:
    several = made(SCALING, None, replace(SCALING, memory_percent=None))
    assert [one["service"] for one in several.told()["services"]] == ["shop-app", "shop-app-2"]
    assert [one["name"] for one in several.told()["services"][1]["metrics"]] == ["cpu"]
    controller = several.service("scaler")
    assert controller["mode"]["replicated"]["replicas"] == 1
    assert controller["updateConfig"]["order"] == "stop-first", "never two at once"
    assert several.endpoint is not None
    assert several.endpoint.replicas_host == "shop-scaler"
    alone = made(None)
    assert alone.endpoint is None
    assert not [one for one in alone.found if "scaler" in one.name]


def test_only_the_controller_is_on_the_gates_network() -> None:
    found = made(SCALING)
    joined = {
        one.inputs["name"]: [network["id"] for network in one.inputs["taskSpec"]["networksAdvanceds"]]
        for one in found.found
        if one.type == SERVICE
    }
    private = "network-scaler-gate-private-id"
    assert joined["shop-scaler-gate"] == [private]
    assert joined["shop-scaler"] == [private, "network-monitoring-id"]
    assert {name for name, networks in joined.items() if private in networks} == {"shop-scaler-gate", "shop-scaler"}


def test_the_gate_alone_has_the_socket_and_nothing_else() -> None:
    found = made(SCALING)
    with_it = [one.name for one in found.found if "docker.sock" in json.dumps(one.inputs.get("taskSpec"))]
    assert with_it == ["scaler-gate"]
    gate = found.service("scaler-gate")
    container = gate["taskSpec"]["containerSpec"]
    assert gate["mode"] == {"global": True}
    assert (container["user"], container["readOnly"], container["capDrops"]) == ("0:0", True, ["ALL"])
    assert "capAdds" not in container
    assert [(one["type"], one.get("source"), one.get("readOnly")) for one in container["mounts"]] == [
        ("bind", "/var/run/docker.sock", True),
        ("tmpfs", None, None),
    ]
    assert "ports" not in gate["endpointSpec"]
    assert label(gate, "ha-platform.docker-gate") == "true"
    files = {one["fileName"] for one in container["configs"]}
    assert files == {
        "/etc/ha-scaler/gate.json",
        "/etc/ha-scaler/__main__.py",
        "/etc/ha-scaler/scripts/docker_socket.py",
        "/etc/ha-scaler/scripts/gate.py",
    }
    assert [one["fileName"] for one in container["secrets"]] == ["/etc/ha-scaler/password"]
    assert (
        found.service("scaler")["taskSpec"]["containerSpec"]["secrets"][0]["secretId"]
        == (container["secrets"][0]["secretId"])
    )


def test_gates_are_where_the_figures_are() -> None:
    assert "placement" not in made(SCALING).service("scaler-gate")["taskSpec"], "CPU and memory are of each host"


def test_the_service_says_its_bounds_and_nothing_else_of_it_follows_the_count() -> None:
    def running(count: int) -> dict[str, Any]:
        def prepare(platform: SwarmPlatform) -> None:
            platform._running = Told(count)

        return made(SCALING, prepare=prepare).service("app")

    few, many = running(4), running(9)
    assert label(few, "ha-platform.scaling") == "3-10"
    assert few["taskSpec"]["placement"]["maxReplicas"] == 6, "10 and one more, on two hosts of three"
    assert (few.pop("mode"), many.pop("mode")) == (
        {"replicated": {"replicas": 4}},
        {"replicated": {"replicas": 9}},
    ), "what the scaler chose is kept"
    assert few == many


class Told(Running):
    """A manager that says this count."""

    def __init__(self, count: int) -> None:
        super().__init__(None, "shop-")
        self._count = count

    def image(self, service: str, wanted: str) -> str:  # noqa: ARG002
        return wanted

    def replicas(self, service: str, *, least: int, most: int) -> int:
        assert (service, least, most) == ("shop-app", 3, 10)
        return self._count


def refused(**arguments: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(Unsupported) as found:
        made(SCALING, **arguments)
    return [(one.path, one.got, one.reason) for one in found.value.refusals]


def test_without_monitoring_it_is_refused() -> None:
    ((path, got, reason),) = refused(scaler=False)
    assert (path, got) == ("stack.apps.app.scaling", "3 to 10")
    assert "reads Prometheus" in reason


def test_with_a_provider_that_cannot_be_asked_it_is_refused() -> None:
    ((path, _, reason),) = refused(
        opts=lambda: pulumi.ResourceOptions(providers=[docker.Provider("theirs", host="tcp://10.0.0.1:2376")])
    )
    assert path == "stack.apps.app.scaling"
    assert "would reset the count" in reason


def test_a_name_that_an_application_has_is_refused() -> None:
    (one, *_) = refused(change=lambda word: replace(word, name="scaler"))
    assert one[:2] == ("ha-platform:stack.monitoring.scaler.name", "shop-scaler")
