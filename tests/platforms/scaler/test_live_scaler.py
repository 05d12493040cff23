"""The scaler and its gate as a Swarm mounts them, and a real Prometheus: load comes, Prometheus dies, load goes.

In place of Docker stands what answers like it on a socket; its containers use what they are told to.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from drills.waiting import wait_for
from model import Scaling, ScalingMetric, ScalingStep
from model.scaling import FRESH, WINDOW
from platforms.scaler.readings import Unanswered, vector
from tests.live import trixie
from tests.loopback import free_port
from tests.platforms.scaler.docker_api import DockerApi, answering, service
from tests.platforms.scaler.test_controller import served
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


@dataclass(frozen=True)
class Site:
    """The scaler with its gate, and how a Prometheus is started that asks it and `others`, by job."""

    api: Busy
    log: Path
    place: Path
    scaler: int
    prometheus: int

    def server(self, **others: int) -> tuple[str | Path, ...]:
        jobs = {"scaler": self.scaler, **others}
        listed = ", ".join(
            f'{{job_name: {job}, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}' for job, port in jobs.items()
        )
        config = self.place / "prometheus.yml"
        config.write_text(f"global: {{scrape_interval: 2s}}\nscrape_configs: [{listed}]\n")
        return (
            *trixie.prometheus(),
            f"--config.file={config}",
            f"--storage.tsdb.path={self.place}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.prometheus}",
        )

    def figure(self, name: str) -> float:
        url = f"http://127.0.0.1:{self.scaler}/metrics"
        lines = httpx.get(url, trust_env=False, timeout=10).text.splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{{"))

    def figures(self, name: str, value: float, seconds: float = 60) -> None:
        def is_there() -> bool:
            try:
                return self.figure(name) == value
            except (httpx.HTTPError, StopIteration) as error:
                raise LookupError(repr(error)) from None

        wait_for(f"{name} is {value}", is_there, seconds=seconds, every=0.2)


@contextmanager
def site(place: Path, scaling: Scaling) -> Iterator[Site]:
    api, found = Busy(), made(scaling, scrape_seconds=2)
    gate, scaler, prometheus = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(answering(api, place / "docker.sock"))
        files = mounted(found, "scaler-gate", place / "gate", port=gate, listen="127.0.0.1",
                        socket=str(place / "docker.sock"))  # fmt: skip
        stack.enter_context(running(place / "log", sys.executable, files))
        files = mounted(found, "scaler", place / "scaler", port=scaler, listen="127.0.0.1", gate="127.0.0.1",
                        gate_port=gate, prometheus=f"http://127.0.0.1:{prometheus}", every=1)  # fmt: skip
        stack.enter_context(running(place / "log", sys.executable, files))
        yield Site(api, place / "log", place, scaler, prometheus)


def test_load_up_prometheus_away_load_down(tmp_path: Path) -> None:
    with site(tmp_path, SCALING) as swarm:
        api = swarm.api
        with running(tmp_path / "prometheus.log", *swarm.server()):
            swarm.figures("ha_scaler_need", 1)
            assert api.count == 3, "the least, however little is needed"
            api.use(MUCH)
            wait_for("it has grown", lambda: api.count >= 7, seconds=120, every=0.1)
        api.use(0)
        swarm.figures("ha_scaler_blind", 1)
        held = api.count
        time.sleep(SCALING.down.stabilization_seconds + 2)
        assert api.count == held >= 7, "nobody knows that it could shrink"
        with running(tmp_path / "prometheus.log", *swarm.server()):
            wait_for("it has shrunk", lambda: api.count == 3, seconds=120, every=0.1)
    said = (tmp_path / "log").read_text()
    assert "scaler: app: 3 -> 7 replicas: cpu wants " in said
    assert f"scaler: app: {held} replicas: no fresh figures of cpu: nothing changes" in said
    assert f"{held} -> {held - 2} replicas" in said, "in steps of two"
    counts = [spec["Mode"]["Replicated"]["Replicas"] for _, spec in api.changes]
    assert min(counts) == 3
    assert "Traceback" not in said


class Exporter:
    """What tells how many messages wait; None: the exporter is there, and knows nothing."""

    def __init__(self) -> None:
        self.waiting: int | None = 0

    def server(self) -> ThreadingHTTPServer:
        exporter = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = exporter.waiting is not None
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(f'waiting{{queue="mail"}} {exporter.waiting}\n'.encode() if known else b"other 1\n")

            def log_message(self, format: str, *args: object) -> None:
                pass

        return ThreadingHTTPServer(("127.0.0.1", 0), Answers)


def test_a_queue_grows_is_silent_and_is_worked_off(tmp_path: Path) -> None:
    """5000 messages for twenty each are far above the most, and none far below the least."""
    series = 'waiting{job="queues"}'
    query = f"sum(max by (queue) ({series} and (time() - timestamp({series}) <= {FRESH})))"
    metric = ScalingMetric(name="queue_length", query=query, per_replica=20)
    policy = replace(SCALING, cpu_percent=None, metrics=(metric,))
    exporter = Exporter()
    with site(tmp_path, policy) as swarm, served(exporter.server()) as port:
        api = swarm.api
        with running(tmp_path / "prometheus.log", *swarm.server(queues=port)):
            swarm.figures("ha_scaler_need", 0)
            assert api.count == 3, "the least, with nothing that waits"
            exporter.waiting = 5000
            swarm.figures("ha_scaler_need", 250)
            wait_for("it has grown", lambda: api.count == 10, seconds=120, every=0.1)
            exporter.waiting = None
            swarm.figures("ha_scaler_blind", 1)
            time.sleep(policy.down.stabilization_seconds + 2)
            assert api.count == 10, "what is not told is not nothing"
            exporter.waiting = 0
            wait_for("it has shrunk", lambda: api.count == 3, seconds=120, every=0.1)
    said = (tmp_path / "log").read_text()
    assert "scaler: app: 3 -> 7 replicas: queue_length wants 250; 7 is as far as 15 s allow" in said
    assert "scaler: app: 10 replicas: no fresh figures of queue_length: nothing changes" in said
    assert "Traceback" not in said


TWO = 'vector(1) or label_replace(vector(2), "queue", "mail", "", "")'


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        pytest.param(TWO, "sessions is 2 series, and has to be one: sum them", id="two series"),
        pytest.param("1", "Prometheus does not answer: HTTP Error 400: Bad Request", id="no vector"),
        pytest.param(f"sum(rate(nothing[{WINDOW}]))", "", id="no such series"),
    ],
)
def test_an_expression_that_is_no_figure_changes_nothing_and_says_why(tmp_path: Path, expr: str, why: str) -> None:
    metric = ScalingMetric(name="sessions", query=expr, per_replica=0.001)
    policy = replace(SCALING, cpu_percent=None, metrics=(metric,))
    exporter = Exporter()
    with ExitStack() as stack:
        swarm = stack.enter_context(site(tmp_path, policy))
        port = stack.enter_context(served(exporter.server()))
        stack.enter_context(running(tmp_path / "prometheus.log", *swarm.server(queues=port)))

        def scraped() -> bool:
            try:
                return len(vector(f"http://127.0.0.1:{swarm.prometheus}", "up == 1")) == 2
            except Unanswered as error:
                raise LookupError(str(error)) from None

        wait_for("Prometheus has what it asks", scraped, seconds=120, every=0.5)
        swarm.figures("ha_scaler_blind", 1)
        wait_for("it is said", lambda: why in swarm.log.read_text(), seconds=120, every=0.5)
        assert swarm.api.changes == []
