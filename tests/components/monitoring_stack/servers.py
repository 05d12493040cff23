"""Alertmanager and Prometheus on loopback, with the files that the component renders."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pulumi
import yaml

from components.monitoring_stack import MonitoringStack
from components.monitoring_stack.images import MonitoringImages
from components.monitoring_stack.settings import MonitoringSettings
from components.observability import Observability
from components.store_image import StoreImage
from model import Image
from tests.components.monitoring_stack.sinks import until
from tests.components.recorder import Recorder, recorded
from tests.loopback import own_network
from tests.rendered.programs import program

_HOSTS = count(11)


def _image(name: str) -> Image:
    return Image(ref=f"registry.example.com/{name}:1", uid=65534, gid=65534)


def _store(name: str) -> StoreImage:
    return StoreImage(image=_image(name), data_dir=f"/{name}")


IMAGES = MonitoringImages(
    prometheus=_store("prometheus"),
    alertmanager=_store("alertmanager"),
    node_exporter=_image("node-exporter"),
    python=_image("postgres"),
    grafana=_store("grafana"),
)


def made(settings: dict[str, Any], secrets: dict[str, str], *declared: Observability) -> Recorder:
    """The words of a monitoring stack with these settings."""
    model = MonitoringSettings.model_validate(settings)
    _, platform = recorded(
        lambda platform: MonitoringStack(
            "monitoring",
            model,
            platform=platform,
            images=IMAGES,
            declared=declared,
            secrets={name: pulumi.Output.secret(value) for name, value in secrets.items()},
        ),
        type_="ha-platform:monitoring:MonitoringStack",
    )
    return platform


@contextmanager
def alertmanager(config: str, directory: Path, **environment: str) -> Iterator[str]:
    """Its address, once it answers; it ends with the block."""
    address = f"{own_network()}.{next(_HOSTS)}:9093"
    file = directory / "alertmanager.yml"
    file.write_text(config)
    command = (
        program("prometheus-alertmanager", "prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={directory / 'alertmanager'}",
        "--cluster.listen-address=",
        f"--web.listen-address={address}",
    )
    with _running(command, directory / "alertmanager.log", environment, f"http://{address}/-/ready"):
        yield address


@contextmanager
def prometheus(platform: Recorder, alert: str, alerts: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One that has the rendered rule of this alert and scrapes nothing. It judges every second, and tells `alerts`."""
    address = f"{own_network()}.{next(_HOSTS)}:9090"
    config = yaml.safe_load(platform.text("prometheus-config"))
    rules = directory / "rules.yml"
    groups = yaml.safe_load(platform.text("prometheus-rules"))["groups"]
    (rule,) = (one for group in groups for one in group["rules"] if one.get("alert") == alert)
    rules.write_text(yaml.safe_dump({"groups": [{"name": alert, "rules": [rule]}]}))
    config |= {"rule_files": [str(rules)], "scrape_configs": []}
    config["global"] |= {"evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alerts]}]}]
    file = directory / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    command = (
        program("prometheus", "prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address={address}",
        "--rules.alert.resend-delay=1s",
    )
    with _running(command, directory / "prometheus.log", {}, f"http://{address}/-/ready") as process:
        yield process


def quick(config: str, times: int = 10) -> str:
    """The configuration with every time in it so much shorter."""
    return re.sub(r": (\d+)s$", lambda found: f": {int(found[1]) * 1000 // times}ms", config, flags=re.MULTILINE)


@contextmanager
def _running(
    command: tuple[str, ...], log: Path, environment: dict[str, str], ready: str
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env={**os.environ, **environment})
    try:
        until(lambda: process.poll() is not None or _answers(ready), f"{ready} ({log})")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=10).status_code == 200
    return False
