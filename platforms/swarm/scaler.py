"""What changes the counts of services with `scaling`: a controller, and gates to Docker that only it reaches.

The gate stands on a network of its own, which nothing but the controller joins. It runs on every host: only managers
can set a count, and Docker tells CPU and memory of its own containers alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pulumi

from model import (
    Agent,
    ConfigFile,
    Container,
    File,
    HostPath,
    HttpCheck,
    HttpTool,
    Image,
    Origin,
    Port,
    Probe,
    Probes,
    Resources,
    Rollout,
    ScalingStep,
    Secret,
    Security,
    Stop,
    Tier,
    Workload,
)
from model import clock as clock_module
from model.scaling import SCALER_JOB, SCALER_PORT
from model.units import MIB
from platforms.base import Platform
from platforms.scaling import asked, fresh_seconds
from platforms.swarm.names import Names

NAME, GATE = "scaler", "scaler-gate"
GATE_PORT = 9197
EVERY_SECONDS = 15
"""Between two looks: the sync period of Kubernetes' autoscaler."""
_SOCKET = "/var/run/docker.sock"
_DIRECTORY = "/etc/ha-scaler"
_PROGRAMS = Path(__file__).parents[1] / "scaler"
_MAIN = "import sys\n\nfrom scripts.{module} import main\n\nsys.exit(main(sys.path[0]))\n"
_CONTROLLER_MODULES = ("controller", "clock", "decide", "gates", "readings", "windows")
_GATE_MODULES = ("gate", "docker_socket")
_CONTROLLER_RESOURCES = Resources(
    cpu_request_millis=20, cpu_limit_millis=500, memory_request_bytes=48 * MIB, memory_limit_bytes=128 * MIB
)
_GATE_RESOURCES = Resources(
    cpu_request_millis=20, cpu_limit_millis=500, memory_request_bytes=32 * MIB, memory_limit_bytes=128 * MIB
)


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """The words of both."""

    gate: Agent
    controller: Workload


def scaler(
    platform: Platform,
    scaled: Sequence[Workload],
    *,
    names: Names,
    origin: Origin,
    image: Image,
    prometheus: str,
    scrape_seconds: int,
    parent: pulumi.Resource,
) -> Scaler:
    """For the `scaled` words; `image` has Python, `prometheus` is a URL, scraped every so many seconds."""
    secret_name = f"{NAME}-password"
    for kind in ("password", "secret"):
        platform.claim(kind, secret_name, origin)
    value = platform.generated_password(secret_name, parent=parent)
    secret = platform.secret(Secret(name=secret_name, value=value), parent=parent)
    password = File(path=f"{_DIRECTORY}/password", source=secret)

    def files(word: str, document: str, told: Mapping[str, object], modules: Sequence[str]) -> Iterator[File]:
        """What the first of the `modules` runs with, which reads `document`."""
        texts = {
            "config": (document, json.dumps(told, indent=2) + "\n"),
            "start": ("__main__.py", _MAIN.format(module=modules[0])),
        }
        for module in modules:
            text = _program(module)
            texts[module.replace("_", "-")] = (f"scripts/{module}.py", text)
        for part, (path, text) in texts.items():
            name = f"{word}-{part}"
            platform.claim("configuration file", name, origin)
            yield File(
                path=f"{_DIRECTORY}/{path}",
                source=platform.config_file(ConfigFile(name=name, text=text), parent=parent),
            )
        yield password

    gate_told = {"stack": names.stack, "socket": _SOCKET, "listen": "0.0.0.0", "port": GATE_PORT}
    told = {
        "listen": "0.0.0.0",
        "port": SCALER_PORT,
        "every": EVERY_SECONDS,
        "prometheus": prometheus,
        "gate": names.service(GATE),
        "gate_port": GATE_PORT,
        "services": [_service(word, names, scrape_seconds) for word in scaled],
    }
    return Scaler(
        gate=_gate(origin, image, tuple(files(GATE, "gate.json", gate_told, _GATE_MODULES))),
        controller=_controller(origin, image, tuple(files(NAME, "scaler.json", told, _CONTROLLER_MODULES))),
    )


def _program(module: str) -> str:
    path = Path(clock_module.__file__) if module == "clock" else _PROGRAMS / f"{module}.py"
    return path.read_text()


def _gate(origin: Origin, image: Image, files: tuple[File, ...]) -> Agent:
    """Root, for Docker's socket is root's; without capabilities, and with nothing that it can write."""
    return Agent(
        name=GATE,
        origin=origin,
        tier=Tier.MONITORING,
        container=Container(
            image=replace(image, uid=0, gid=0, http_tool=HttpTool.PYTHON),
            command=("python3", _DIRECTORY),
            files=files,
            resources=_GATE_RESOURCES,
            security=Security(allow_root=True),
            stop=Stop(grace_seconds=10),
        ),
        ports=(Port(name="gate", number=GATE_PORT),),
        probes=_probes(GATE_PORT),
        host_paths=(HostPath(host_path=_SOCKET, mount_path=_SOCKET),),
    )


def _controller(origin: Origin, image: Image, files: tuple[File, ...]) -> Workload:
    return Workload(
        name=NAME,
        origin=origin,
        tier=Tier.MONITORING,
        container=Container(
            image=replace(image, http_tool=HttpTool.PYTHON),
            command=("python3", _DIRECTORY),
            files=files,
            resources=_CONTROLLER_RESOURCES,
            stop=Stop(grace_seconds=10),
        ),
        replicas=1,
        ports=(Port(name="metrics", number=SCALER_PORT),),
        probes=_probes(SCALER_PORT),
        # Two would each take the steps that one may take.
        rollout=Rollout(order="stop-first"),
    )


def _probes(port: int) -> Probes:
    health = HttpCheck(path="/health", port=port)
    return Probes(
        ready=Probe(check=health, interval_seconds=5, timeout_seconds=5, failures=3),
        live=Probe(check=health, interval_seconds=15, timeout_seconds=5, failures=4),
        start_seconds=60,
    )


def _service(word: Workload, names: Names, scrape_seconds: int) -> dict[str, object]:
    scaling = word.scaling
    assert scaling is not None, "only words with scaling are scaled"
    service, resources = names.service(word.name), word.container.resources
    metrics: list[dict[str, object]] = []
    if scaling.cpu_percent is not None:
        cores = resources.cpu_request_millis / 1000
        metrics.append(
            {
                "name": "cpu",
                "target": cores * scaling.cpu_percent / 100,
                "request": cores,
                "query": fresh("ha_container_cpu_seconds_total", service, scrape_seconds, rate=True),
            }
        )
    if scaling.memory_percent is not None:
        size = resources.memory_request_bytes
        metrics.append(
            {
                "name": "memory",
                "target": size * scaling.memory_percent / 100,
                "request": size,
                "query": fresh("ha_container_memory_bytes", service, scrape_seconds),
            }
        )
    metrics += [
        {"name": one.name, "target": one.per_replica, "whole": True, "query": asked(one, scrape_seconds)}
        for one in scaling.metrics
    ]
    return {
        "app": word.name,
        "service": service,
        "least": scaling.min_replicas,
        "most": scaling.max_replicas,
        "up": _step(scaling.up),
        "down": _step(scaling.down),
        "metrics": metrics,
        "windows": [
            {"starts": one.starts, "ends": one.ends, "zone": one.zone, "least": one.min_replicas}
            for one in scaling.windows
        ],
    }


def fresh(metric: str, service: str, scrape_seconds: int, *, rate: bool = False) -> str:
    """By container: of figures that are no older than two scrapes. The rate is that of the last two of them, as
    Kubernetes' metrics server has it; the larger one where a gate that moved told of a container twice."""
    series = f'{metric}{{job="{SCALER_JOB}",service="{service}"}}'
    value = f"irate({series}[{4 * scrape_seconds}s])" if rate else series
    return f"max by (container) ({value} and (time() - timestamp({series}) <= {fresh_seconds(scrape_seconds)}))"


def _step(step: ScalingStep) -> dict[str, object]:
    return {
        "stabilization": step.stabilization_seconds,
        "percent": step.percent,
        "replicas": step.replicas,
        "period": step.period_seconds,
        "choose": step.choose,
    }
