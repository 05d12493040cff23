"""The one health check of a Swarm task, run by a real shell."""

import re
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import cast

import pytest

from model import Container, ExecCheck, HttpCheck, HttpTool, Image, Probe, Probes, Resources, TcpCheck
from platforms.durations import go_duration
from platforms.swarm.probe import healthcheck
from tests.components.certificates import Authority

MARKER = "/tmp/.ha-platform-ready"


def exec_probes(directory: Path) -> Probes:
    """Ready and live while a file of that name is there."""
    return Probes(
        ready=Probe(check=ExecCheck(command=("test", "-e", str(directory / "ready")))),
        live=Probe(check=ExecCheck(command=("test", "-e", str(directory / "live")))),
    )


def container(tool: HttpTool = HttpTool.CURL) -> Container:
    resources = Resources(
        cpu_request_millis=1, cpu_limit_millis=1, memory_request_bytes=2**20, memory_limit_bytes=2**20
    )
    image = Image(ref="app:1", uid=1001, gid=1001, http_tool=tool)
    return Container(image=image, command=("run",), resources=resources)


def check_of(probes: Probes, tool: HttpTool, peers: tuple[str, ...] = ()) -> list[str]:
    return cast(list[str], healthcheck(probes, container(tool), peers).tests)


def passes(probes: Probes, directory: Path, peers: tuple[str, ...] = ()) -> bool:
    kind, script = check_of(probes, HttpTool.CURL, peers)
    assert kind == "CMD-SHELL"
    script = re.sub(r"sleep \d+", "sleep 0", script.replace(MARKER, str(directory / "marker")))
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True).returncode == 0


def test_ready_is_the_check_until_it_passed_and_live_from_then_on(tmp_path: Path) -> None:
    probes = exec_probes(tmp_path)
    (tmp_path / "live").touch()
    assert not passes(probes, tmp_path)
    (tmp_path / "ready").touch()
    assert passes(probes, tmp_path)
    (tmp_path / "ready").unlink()
    assert passes(probes, tmp_path), "a replica that is only busy must not be killed"
    (tmp_path / "live").unlink()
    assert not passes(probes, tmp_path)


def test_a_member_that_sees_no_peer_is_ready_at_once(tmp_path: Path) -> None:
    (tmp_path / "live").touch()
    assert passes(exec_probes(tmp_path), tmp_path, ("no-such-host.invalid",))


def test_a_member_that_sees_a_peer_must_be_ready_itself(tmp_path: Path) -> None:
    (tmp_path / "live").touch()
    assert not passes(exec_probes(tmp_path), tmp_path, ("no-such-host.invalid", "localhost"))
    (tmp_path / "ready").touch()
    assert passes(exec_probes(tmp_path), tmp_path, ("no-such-host.invalid", "localhost"))


def test_a_slow_start_is_one_run_until_it_is_ready_or_not_alive(tmp_path: Path) -> None:
    probes = exec_probes(tmp_path)
    check = healthcheck(probes, container(), slow_start_seconds=3600)
    assert check.timeout == go_duration(3600 + 3 + 10 + 4)
    assert check.start_period == go_duration(60 - 3 * 5), "of a start that is not alive"
    (_, script) = cast(list[str], check.tests)
    script = re.sub(r"sleep \d+", "sleep 0.05", script.replace(MARKER, str(tmp_path / "marker")))

    def run() -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sh", "-c", script])

    assert run().wait(10) == 1, "not alive"
    (tmp_path / "live").touch()
    for last, code in (("ready", 0), ("live", 1)):
        (tmp_path / "marker").unlink(missing_ok=True)
        (tmp_path / "ready").unlink(missing_ok=True)
        with run() as going:
            with pytest.raises(subprocess.TimeoutExpired):
                going.wait(0.3)
            (tmp_path / last).touch() if code == 0 else (tmp_path / last).unlink()
            assert going.wait(10) == code
        assert (tmp_path / "marker").exists() is (code == 0)


def timed(start: int, ready: int, live: int, failures: int) -> Probes:
    return Probes(
        ready=Probe(check=TcpCheck(port=1), interval_seconds=ready, timeout_seconds=4),
        live=Probe(check=TcpCheck(port=2), interval_seconds=live, failures=failures),
        start_seconds=start,
    )


@pytest.mark.parametrize(
    ("probes", "interval", "retries", "start_period"),
    [
        (timed(start=60, ready=2, live=5, failures=6), 5, 6, 30),
        (timed(start=60, ready=2, live=2, failures=3), 2, 3, 54),
        (timed(start=60, ready=5, live=10, failures=6), 5, 3, 45),
        (timed(start=60, ready=30, live=30, failures=20), 30, 3, 1),
        (timed(start=600, ready=5, live=30, failures=20), 5, 3, 585),
    ],
)
def test_a_start_has_its_own_limit_however_slow_live_is(
    probes: Probes, interval: int, retries: int, start_period: int
) -> None:
    check = healthcheck(probes, container())
    found = (check.interval, check.retries, check.start_period)
    assert found == ("1s", retries, go_duration(start_period))
    assert f"then sleep {interval - 1};" in cast(list[str], check.tests)[1], "a run spends the rest of the interval"
    assert start_period == 1 or start_period + retries * interval == probes.start_seconds


def test_live_failures_are_counted_where_docker_cannot(tmp_path: Path) -> None:
    """Every third run asks whether it lives; two such failures in a row are reported, by every run from then on."""
    probes = exec_probes(tmp_path)
    live = replace(probes.live, interval_seconds=15, failures=2)
    probes = replace(probes, ready=replace(probes.ready, interval_seconds=5), live=live)
    for name in ("ready", "live"):
        (tmp_path / name).touch()
    assert [passes(probes, tmp_path) for _ in range(4)] == [True] * 4
    (tmp_path / "live").unlink()
    assert [passes(probes, tmp_path) for _ in range(6)] == [True] * 5 + [False]
    assert not passes(probes, tmp_path), "Docker wants it more than once"
    (tmp_path / "live").touch()
    assert [passes(probes, tmp_path) for _ in range(3)] == [False, True, True]
    (tmp_path / "marker").write_text("")
    assert passes(probes, tmp_path), "a marker that could not be written is a check of its own"


@pytest.mark.parametrize(
    ("ready", "asked", "timeout"), [(1, 5, 14 + 4 + 4 * 4), (2, 3, 14 + 4 + 2 * 4), (9, 1, 14 + 8)]
)
def test_a_start_asks_as_often_as_ready_says(tmp_path: Path, ready: int, asked: int, timeout: int) -> None:
    """In one run, which lasts as long as the interval, and has the time for it."""
    count = tmp_path / "asked"
    probes = Probes(
        ready=Probe(
            check=ExecCheck(command=("sh", "-c", f"echo >> {count}; false")), interval_seconds=ready, timeout_seconds=4
        ),
        live=Probe(check=ExecCheck(command=("true",)), interval_seconds=10, failures=6),
    )
    assert not passes(probes, tmp_path)
    assert len(count.read_text()) == asked
    assert healthcheck(probes, container()).timeout == go_duration(timeout)


def test_one_check_for_both_needs_no_shell() -> None:
    probe = Probe(check=ExecCheck(command=("etcdctl", "health")))
    assert healthcheck(Probes(ready=probe, live=probe), container()).interval == "5s"
    assert check_of(Probes(ready=probe, live=probe), HttpTool.CURL) == ["CMD", "etcdctl", "health"]


@pytest.mark.parametrize("tool", list(HttpTool))
def test_http_is_asked_with_the_tool_of_the_image(tool: HttpTool) -> None:
    probe = Probe(check=HttpCheck(path="/health", port=8080))
    command = check_of(Probes(ready=probe, live=probe), tool)
    assert command[1].startswith(tool.value)
    assert "/health" in " ".join(command)


@pytest.mark.parametrize("tool", [HttpTool.CURL, HttpTool.PYTHON])
def test_a_container_that_encrypts_is_asked_by_tls(tool: HttpTool, tmp_path: Path) -> None:
    """Whoever has signed its certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority.new().sign("elsewhere.example", tmp_path))
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.handle_request, daemon=True).start()
        probe = Probe(check=HttpCheck(path="/health", port=server.server_port, tls=True))
        command = check_of(Probes(ready=probe, live=probe), tool)[1:]
        assert subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0


@pytest.mark.parametrize("tool", [HttpTool.CURL, HttpTool.PYTHON])
@pytest.mark.parametrize("host", [None, "www.example.com"])
def test_the_host_header_is_the_words(tool: HttpTool, host: str | None) -> None:
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        probe = Probe(check=HttpCheck(path="/", port=server.server_port, host=host))
        command = check_of(Probes(ready=probe, live=probe), tool)[1:]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 0
        assert seen == [host or f"127.0.0.1:{server.server_port}"]


def test_a_port_is_open_when_something_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        probe = Probe(check=TcpCheck(port=server.getsockname()[1]))
        command = check_of(Probes(ready=probe, live=probe), HttpTool.CURL)[1:]
        assert subprocess.run(command, check=False).returncode == 0
    assert subprocess.run(command, check=False).returncode != 0


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (302, True), (404, False), (503, False)])
@pytest.mark.parametrize("tool", [HttpTool.CURL, HttpTool.PYTHON])
def test_200_to_399_passes(tool: HttpTool, status: int, healthy: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        probe = Probe(check=HttpCheck(path="/", port=server.server_port))
        command = check_of(Probes(ready=probe, live=probe), tool)[1:]
        assert (subprocess.run(command, check=False, capture_output=True).returncode == 0) is healthy
