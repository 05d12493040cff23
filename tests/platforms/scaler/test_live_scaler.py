"""The scaler and its gate as a Swarm mounts them, and a real Prometheus: load comes, Prometheus dies, load goes.

In place of Docker stands what answers like it on a socket; its containers use what they are told to.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from drills.waiting import wait_for
from model import Scaling, ScalingStep
from tests.live import trixie
from tests.loopback import free_port
from tests.platforms.scaler.docker_api import DockerApi, answering, service
from tests.platforms.swarm.test_swarm_scaler import Made, made

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PASSWORD = "secret-of-the-test"
SCALING = Scaling(
    min_replicas=3,
    max_replicas=10,
    cpu_percent=70,
    memory_percent=None,
    up=ScalingStep(stabilization_seconds=0, percent=100, replicas=4, period_seconds=15, choose="max"),
    down=ScalingStep(stabilization_seconds=4, percent=50, replicas=2, period_seconds=1, choose="min"),
)
TARGET = 0.07
"""70 % of the 100m that the word requests, in cores."""
LITTLE, MUCH = 0.1 * TARGET, 1000 * TARGET
"""Far from every bound: on a busy machine a scrape of every 2 s is late by as long, and a rate may be several times
what it should be, or the first part of what came."""


class Busy(DockerApi):
    """A daemon whose containers, as many as the service has replicas, use so many cores each."""

    def __init__(self) -> None:
        super().__init__(service("shop-app", stack="shop"))
        self._used, self._since, self._cores = 0.0, time.monotonic(), LITTLE

    @property
    def count(self) -> int:
        return int(self.services["shop-app"]["Spec"]["Mode"]["Replicated"]["Replicas"])

    @property
    def seconds(self) -> float:
        return self._used + (time.monotonic() - self._since) * self._cores

    def use(self, cores: float) -> None:
        self._used, self._since, self._cores = self.seconds, time.monotonic(), cores

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        names = [f"c{number}" for number in range(self.count)]
        if path.startswith("/containers/json"):
            return 200, [{"Id": one, "Labels": {"com.docker.swarm.service.name": "shop-app"}} for one in names]
        if path.startswith("/containers/"):
            used = {"cpu_usage": {"total_usage": int(self.seconds * 1e9)}}
            return 200, {"cpu_stats": used, "memory_stats": {"usage": 1}}
        self.tasks = [{"Status": {"State": "running", "ContainerStatus": {"ContainerID": one}}} for one in names]
        return super().answer(method, path, body)


def mounted(found: Made, word: str, place: Path, **changed: Any) -> Path:
    """The files of a service, where they are in its container: with these values of its JSON."""
    texts = {f"{one.name}-id": one.inputs["dataRaw"] for one in found.found if "dataRaw" in one.inputs}
    for file in found.service(word)["taskSpec"]["containerSpec"]["configs"]:
        path = place / file["fileName"].removeprefix("/etc/ha-scaler/")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = texts[file["configId"]]
        path.write_text(json.dumps(json.loads(text) | changed) if path.suffix == ".json" else text)
    (place / "password").write_text(f"{PASSWORD}\n")
    return place


@contextmanager
def running(log: Path, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen([*map(str, command)], stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_load_up_prometheus_away_load_down(tmp_path: Path) -> None:
    api, found = Busy(), made(SCALING, scrape_seconds=2)
    gate, scaler, prometheus = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{scaler}/metrics"
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 2s}\n"
        f'scrape_configs: [{{job_name: scaler, static_configs: [{{targets: ["127.0.0.1:{scaler}"]}}]}}]\n'
    )
    server = (
        *trixie.prometheus(),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{prometheus}",
    )

    def figure(name: str) -> float:
        lines = httpx.get(url, trust_env=False, timeout=10).text.splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{"))

    def figures(name: str, value: float, seconds: float = 60) -> None:
        def is_there() -> bool:
            try:
                return figure(name) == value
            except (httpx.HTTPError, StopIteration) as error:
                raise LookupError(repr(error)) from None

        wait_for(f"{name} is {value}", is_there, seconds=seconds, every=0.2)

    with ExitStack() as stack:
        stack.enter_context(answering(api, tmp_path / "docker.sock"))
        place = mounted(found, "scaler-gate", tmp_path / "gate", port=gate, listen="127.0.0.1",
                        socket=str(tmp_path / "docker.sock"))  # fmt: skip
        stack.enter_context(running(tmp_path / "log", sys.executable, place))
        place = mounted(found, "scaler", tmp_path / "scaler", port=scaler, listen="127.0.0.1", gate="127.0.0.1",
                        gate_port=gate, prometheus=f"http://127.0.0.1:{prometheus}", every=1)  # fmt: skip
        stack.enter_context(running(tmp_path / "log", sys.executable, place))
        with running(tmp_path / "prometheus.log", *server):
            figures("ha_scaler_need", 1)
            assert api.count == 3, "the least, however little is needed"
            api.use(MUCH)
            wait_for("it has grown", lambda: api.count >= 7, seconds=120, every=0.1)
        api.use(0)
        figures("ha_scaler_blind", 1)
        held = api.count
        time.sleep(SCALING.down.stabilization_seconds + 2)
        assert api.count == held >= 7, "nobody knows that it could shrink"
        with running(tmp_path / "prometheus.log", *server):
            wait_for("it has shrunk", lambda: api.count == 3, seconds=120, every=0.1)
    said = (tmp_path / "log").read_text()
    assert "scaler: app: 3 -> 7 replicas: cpu wants " in said
    assert f"scaler: app: {held} replicas: no fresh figures of cpu: nothing changes" in said
    assert f"{held} -> {held - 2} replicas" in said, "in steps of two"
    counts = [spec["Mode"]["Replicated"]["Replicas"] for _, spec in api.changes]
    assert min(counts) == 3
    assert "Traceback" not in said
