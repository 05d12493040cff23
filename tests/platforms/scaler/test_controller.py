"""The controller with real gates, a Docker API behind them, and what answers in place of Prometheus."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from platforms.scaler import controller as controllers
from platforms.scaler import gate as gate_program
from platforms.scaler.controller import Controller, Scaled
from platforms.scaler.gates import Gates
from platforms.scaler.windows import windows
from tests.components.monitoring_stack.record import compared
from tests.loopback import own_network
from tests.platforms.scaler.docker_api import DockerApi, answering, service

PASSWORD = "secret-of-the-test"
UP = {"stabilization": 0, "percent": 100, "replicas": 4, "period": 15, "choose": "max"}
DOWN = {"stabilization": 0, "percent": 50, "replicas": 2, "period": 60, "choose": "min"}
CPU = {"name": "cpu", "query": "cpu-of-web", "target": 0.35, "request": 0.5}
QUEUE = {"name": "queue_length", "query": "waiting", "target": 20, "whole": True}
WEB: dict[str, Any] = {
    "app": "web",
    "service": "prod-web",
    "least": 3,
    "most": 10,
    "up": UP,
    "down": DOWN,
    "metrics": [CPU],
    "windows": [],
}


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[int]:
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


class Prometheus:
    """`found`: query -> value by container. None: it is down."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] | None = {}

    def server(self) -> ThreadingHTTPServer:
        prometheus = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)["query"][0]
                result = [
                    {"metric": {"container": one} if one else {}, "value": [time.time(), str(value)]}
                    for one, value in (prometheus.found or {}).get(query, {}).items()
                ]
                answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
                self.send_response(200 if prometheus.found is not None else 503)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        return ThreadingHTTPServer(("127.0.0.1", 0), Answers)


class Swarm:
    """A stack with one scaled service, and what belongs to it."""

    def __init__(self, stack: ExitStack, place: Path) -> None:
        self.api = DockerApi(service("prod-web"))
        self.prometheus = Prometheus()
        self.runs(3)
        stack.enter_context(answering(self.api, place / "docker.sock"))
        told = {"socket": str(place / "docker.sock"), "stack": "prod", "listen": "127.0.0.1", "port": 0}
        self.gate = gate_program.serve(told, PASSWORD)
        self.gate_port = stack.enter_context(served(self.gate))
        self.url = f"http://127.0.0.1:{stack.enter_context(served(self.prometheus.server()))}"
        self.controller = Controller(
            {
                "gate": "127.0.0.1",
                "gate_port": self.gate_port,
                "prometheus": self.url,
                "every": 15,
                "services": [WEB],
            },
            PASSWORD,
        )
        (self.web,) = self.controller.scaled

    def runs(self, count: int) -> None:
        self.api.tasks = [
            {"Status": {"State": "running", "ContainerStatus": {"ContainerID": f"c{number}"}}}
            for number in range(count)
        ]

    def uses(self, *cores: float) -> None:
        self.prometheus.found = {"cpu-of-web": {f"c{number}": value for number, value in enumerate(cores)}}

    def round(self) -> int:
        """The count that Docker has after it."""
        self.web.round(self.controller.gates, self.url)
        return int(self.api.services["prod-web"]["Spec"]["Mode"]["Replicated"]["Replicas"])

    def figures(self) -> dict[str, float]:
        lines = self.controller.metrics().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def swarm(tmp_path: Path) -> Iterator[Swarm]:
    with ExitStack() as stack:
        yield Swarm(stack, tmp_path)


def test_it_grows_at_once_and_says_why(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.uses(0.7, 0.7, 0.7)
    assert swarm.round() == 6, "twice the target"
    assert "scaler: web: 3 -> 6 replicas: cpu wants 6" in capsys.readouterr().out
    figures = swarm.figures()
    assert figures['ha_scaler_replicas{app="web"}'] == figures['ha_scaler_need{app="web"}'] == 6
    assert figures['ha_scaler_changes_total{app="web",direction="up"}'] == 1


def test_what_it_has_said_it_does_not_repeat(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.uses(0.35, 0.35, 0.35)
    for _ in range(3):
        assert swarm.round() == 3
    assert capsys.readouterr().out == "scaler: web: 3 replicas: cpu wants 3\n"
    assert swarm.api.changes == []


def test_the_step_is_remembered(swarm: Swarm) -> None:
    swarm.uses(9.9, 9.9, 9.9)
    assert swarm.round() == 7, "3 + 4"
    swarm.runs(7)
    swarm.uses(*[9.9] * 7)
    assert swarm.round() == 7, "15 s are not over"


def test_containers_that_do_not_run_any_more_do_not_count(swarm: Swarm) -> None:
    swarm.uses(0.35, 0.35, 0.35, 99.0, 99.0)
    assert swarm.round() == 3


@pytest.mark.parametrize("found", [None, {}, {"cpu-of-web": {"c0": "NaN", "c1": "+Inf"}}, {"cpu-of-web": {"": 0.1}}])
def test_without_figures_the_count_stays(swarm: Swarm, found: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Prometheus is down, has nothing, has no numbers, has something of nobody."""
    swarm.api.services["prod-web"]["Spec"]["Mode"]["Replicated"]["Replicas"] = 8
    swarm.runs(8)
    swarm.prometheus.found = found
    assert [swarm.round() for _ in range(3)] == [8, 8, 8]
    said = capsys.readouterr().out
    assert "8 replicas: no fresh figures of cpu: nothing changes" in said
    assert said.count("Prometheus does not answer") == (1 if found is None else 0), "once"
    assert swarm.figures()['ha_scaler_blind{app="web",metric="cpu"}'] == 1
    assert swarm.figures()['ha_scaler_stuck{app="web"}'] == 0


@pytest.fixture
def by_queue(swarm: Swarm) -> Swarm:
    swarm.web.metrics = [QUEUE]
    return swarm


def test_it_follows_a_metric_of_all(by_queue: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    by_queue.prometheus.found = {"waiting": {"": 101}}
    assert by_queue.round() == 6, "101 are five times 20, and one more"
    assert "scaler: web: 3 -> 6 replicas: queue_length wants 6" in capsys.readouterr().out
    assert by_queue.figures()['ha_scaler_need{app="web"}'] == 6


def test_whoever_runs_has_no_part_in_a_metric_of_all(by_queue: Swarm) -> None:
    by_queue.runs(0)
    by_queue.prometheus.found = {"waiting": {"": 100}}
    assert by_queue.round() == 5


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(None, "Prometheus does not answer: HTTP Error 503", id="Prometheus is down"),
        pytest.param({}, "", id="no such series"),
        pytest.param({"waiting": {"": "NaN"}}, "", id="no number"),
        pytest.param({"waiting": {"a": 1, "b": 1}}, "queue_length is 2 series, and has to be one: sum them", id="two"),
    ],
)
def test_without_a_figure_of_all_the_count_stays(
    by_queue: Swarm, found: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    by_queue.api.services["prod-web"]["Spec"]["Mode"]["Replicated"]["Replicas"] = 8
    by_queue.prometheus.found = found
    assert [by_queue.round() for _ in range(3)] == [8, 8, 8]
    out = capsys.readouterr().out
    assert "8 replicas: no fresh figures of queue_length: nothing changes" in out
    assert out.count(said) == 1 if said else len(out.splitlines()) == 1
    assert by_queue.figures()['ha_scaler_blind{app="web",metric="queue_length"}'] == 1
    by_queue.prometheus.found = {"waiting": {"": 190}}
    assert by_queue.round() == 10
    assert by_queue.figures()['ha_scaler_blind{app="web",metric="queue_length"}'] == 0


def office(**changed: Any) -> dict[str, Any]:
    """Hours that are open now, and for as long as a test takes."""
    now = time.gmtime(time.time() - 3600)
    first = f"{now.tm_min} {now.tm_hour} * * *"
    last = f"{now.tm_min} {(now.tm_hour + 12) % 24} * * *"
    return {"starts": first, "ends": last, "zone": "UTC", "least": 6, **changed}


def test_at_busy_hours_there_are_more_without_any_figure(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.web.windows = windows([office()])
    swarm.prometheus.found = None
    assert swarm.round() == 6
    assert "3 -> 6 replicas: 3 are fewer than the least, 6" in capsys.readouterr().out
    assert swarm.figures()['ha_scaler_least{app="web"}'] == 6


def test_at_quiet_hours_the_least_is_what_it_was(swarm: Swarm) -> None:
    opened = office()
    swarm.web.windows = windows([{**opened, "starts": opened["ends"], "ends": opened["starts"]}])
    swarm.uses(0.35, 0.35, 0.35)
    assert swarm.round() == 3
    assert swarm.figures()['ha_scaler_least{app="web"}'] == 3


def test_without_the_zone_s_data_it_ends_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = {**WEB, "windows": [office(zone="Moon/Base")]}
    told = {"gate": "127.0.0.1", "gate_port": 1, "prometheus": "http://127.0.0.1:1", "every": 15, "services": [web]}
    (tmp_path / "scaler.json").write_text(json.dumps(told))
    (tmp_path / "password").write_text(PASSWORD)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert controllers.main(str(tmp_path)) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "the time zone Moon/Base is not known here: the image of this program needs" in capsys.readouterr().out


def test_it_goes_on_when_the_figures_are_back(swarm: Swarm) -> None:
    swarm.prometheus.found = None
    assert swarm.round() == 3
    swarm.uses(0.7, 0.7, 0.7)
    assert swarm.round() == 6
    assert swarm.figures()['ha_scaler_blind{app="web",metric="cpu"}'] == 0


def test_during_an_update_it_waits(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.api.services["prod-web"]["UpdateStatus"] = {"State": "updating"}
    swarm.uses(0.7, 0.7, 0.7)
    assert swarm.round() == 3
    assert "3 replicas: cpu wants 6, and waits for the update (updating)" in capsys.readouterr().out
    assert swarm.figures()['ha_scaler_held{app="web"}'] == 1
    swarm.api.services["prod-web"]["UpdateStatus"] = {"State": "completed"}
    assert swarm.round() == 6
    assert swarm.figures()['ha_scaler_held{app="web"}'] == 0


def test_what_the_gate_refuses_is_said_and_tried_again(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.api.services["prod-web"]["Spec"]["Labels"]["ha-platform.scaling"] = "3-5"  # `up` has just lowered it
    swarm.uses(0.7, 0.7, 0.7)
    assert swarm.round() == 3
    assert "3 replicas, and 6 were refused: prod-web has between 3 and 5 replicas, not 6" in capsys.readouterr().out
    assert swarm.figures()['ha_scaler_stuck{app="web"}'] == 1
    assert swarm.web.history.added == (), "a step that was not made does not count"
    swarm.api.services["prod-web"]["Spec"]["Labels"]["ha-platform.scaling"] = "3-10"
    assert swarm.round() == 6
    assert swarm.figures()['ha_scaler_stuck{app="web"}'] == 0


def test_without_a_gate_nothing_changes(swarm: Swarm, capsys: pytest.CaptureFixture[str]) -> None:
    swarm.uses(0.7, 0.7, 0.7)
    swarm.controller.gates = Gates("127.0.0.1", 1, PASSWORD)
    assert swarm.round() == 3
    assert "nothing changes, for no gate says what runs: 127.0.0.1: " in capsys.readouterr().out
    assert swarm.figures()['ha_scaler_stuck{app="web"}'] == 1
    assert swarm.figures()["ha_scaler_gates"] == 0


def test_with_another_password_it_can_do_nothing(swarm: Swarm) -> None:
    swarm.uses(0.7, 0.7, 0.7)
    swarm.controller.gates = Gates("127.0.0.1", swarm.gate_port, "other")
    assert swarm.round() == 3
    assert swarm.api.asked == []


def test_the_gates_of_hosts_that_are_no_managers_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, hosts = own_network(), {}
    with ExitStack() as stack:
        port = 0
        for number, manager in ((1, False), (2, True), (3, True)):
            hosts[number] = api = DockerApi(service("prod-web"), manager=manager)
            api.stats = {f"c{number}": {"cpu_stats": {"cpu_usage": {"total_usage": 10**9}},
                                        "memory_stats": {"usage": number}}}  # fmt: skip
            socket = tmp_path / f"{number}.sock"
            stack.enter_context(answering(api, socket))
            told = {"socket": str(socket), "stack": "prod", "listen": f"{network}.{number}", "port": port}
            port = stack.enter_context(served(gate_program.serve(told, PASSWORD)))
        gates = Gates("scaler-gate", port, PASSWORD)
        monkeypatch.setattr(gates, "_addresses", lambda: [f"{network}.{number}" for number in (1, 2, 3, 4)])
        assert gates.look("prod-web")["replicas"] == 3
        gates.scale("prod-web", 5, 77)
        assert [len(api.changes) for api in hosts.values()] == [0, 1, 0]
        text, told_by = gates.figures()
        assert told_by == 3
        assert [line for line in text.splitlines() if "memory" in line] == [
            f'ha_container_memory_bytes{{service="prod-web",container="c{number}"}} {number}' for number in (1, 2, 3)
        ]


def test_a_fault_of_one_service_is_none_of_the_others(swarm: Swarm, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Scaled({**WEB, "app": "broken"})
    monkeypatch.setattr(broken, "round", lambda *_: 1 / 0)
    swarm.controller.scaled.insert(0, broken)
    swarm.uses(0.7, 0.7, 0.7)

    class Enough(Exception):
        pass

    def enough(_: float) -> None:
        raise Enough

    monkeypatch.setattr("platforms.scaler.controller.time.sleep", enough)
    with pytest.raises(Enough):
        swarm.controller.run()
    assert swarm.web.replicas == 6
    assert broken.stuck


def test_what_it_exports_is_on_record(swarm: Swarm) -> None:
    swarm.api.stats = {"c0": {"cpu_stats": {"cpu_usage": {"total_usage": 10**9}}, "memory_stats": {"usage": 5}}}
    swarm.uses(0.7, 0.7, 0.7)
    swarm.round()
    with served(controllers.serve(swarm.controller, "127.0.0.1", 0)) as port:

        def page(path: str) -> tuple[int, str]:
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            return answer.status, text

        compared("scaler", "our scaler", lambda: [page("/metrics")[1]], closed=("direction",))
        assert page("/health") == (200, "ok\n")
        assert page("/services/prod-web")[0] == 404
        swarm.controller._last -= 1000
        assert page("/health") == (503, "it hangs\n")
