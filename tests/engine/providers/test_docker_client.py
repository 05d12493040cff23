"""What the docker provider asks again: of a daemon that answers over a real socket, badly at first."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from sandbox.engine.providers.docker import DockerProvider, client, converge, services
from sandbox.engine.providers.docker.client import connect
from sandbox.engine.providers.docker.service_spec import service_spec
from sandbox.engine.values import Properties, plain

RUNNING = {"Replicated": {"Replicas": 1}}
ASKED: dict[str, Any] = {"ContainerSpec": {"Image": "web:1", "Healthcheck": {"Test": ["CMD", "true"]}}}
SERVICE = {"ID": "s", "Version": {"Index": 7}, "Spec": {"Name": "web", "Mode": RUNNING, "TaskTemplate": ASKED}}
TASK = {"CreatedAt": "1", "NodeID": "n", "DesiredState": "running", "Status": {"State": "running"}, "Spec": ASKED}
LEADERLESS = "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers"
PREPARED = "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster."
LOST = "rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status"
SLOW = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
CUT = "rpc error: code = Unavailable desc = transport is closing"
STALE = "rpc error: code = Unknown desc = update out of sequence"
Answer = tuple[int, Any] | str


class Daemon:
    """Gives `answers` in turn, the last one for ever: (status, message or document), "drop" or "half"."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.calls: list[str] = []
        self.sent: Any = None
        """The last document that came."""
        self.address = ""
        self.close: Callable[[], None] = lambda: None

    def next(self, call: str) -> Answer:
        self.calls.append(call)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def connected(self, *answers: Answer) -> docker.APIClient:
        self.answers = [(200, {"ApiVersion": "1.41", "MinAPIVersion": "1.12"})]
        connected = connect(self.address)
        self.answers, self.calls = list(answers), []
        return connected


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        daemon: Daemon = self.server.daemon  # type: ignore[attr-defined]
        daemon.sent = json.loads(sent or b"null")
        answer = daemon.next(f"{self.command} {self.path.partition('/v1.41/')[2]}")
        self.close_connection = True
        if answer == "drop":
            return
        status, body = (200, {}) if isinstance(answer, str) else answer
        data = json.dumps({"message": body} if isinstance(body, str) else body).encode()
        self.send_response(status)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(data) + (9 if answer == "half" else 0)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silent."""


class UnixServer(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "daemon", 0

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return self.socket.accept()[0], ("peer", 0)


@contextmanager
def served(server: HTTPServer, address: str) -> Iterator[Daemon]:
    daemon = Daemon()
    daemon.address = address
    server.daemon = daemon  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def close() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    daemon.close = close
    try:
        yield daemon
    finally:
        if thread.is_alive():
            close()


@pytest.fixture(params=["tcp", "unix"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setattr(client, "_LEADER_PAUSE", 0.0)
    monkeypatch.setattr(services, "_UPDATE_PAUSE", 0.0)
    if request.param == "unix":
        path = str(tmp_path / "s")
        with served(UnixServer(path, Handler), f"unix://{path}") as unix:  # type: ignore[arg-type]
            yield unix
        return
    server = HTTPServer(("127.0.0.1", 0), Handler)
    with served(server, f"tcp://127.0.0.1:{server.server_port}") as tcp:
        yield tcp


@pytest.fixture(scope="module")
def inputs() -> Properties:
    given = {"name": "web", "taskSpec": {"containerSpec": {"image": "web:1"}}}
    return DockerProvider({}, print).check("urn", "web", "docker:index/service:Service", {}, given)


@pytest.mark.parametrize(
    "bad", [(500, LEADERLESS), (503, LEADERLESS), (503, PREPARED), (500, LOST), (500, SLOW), (503, CUT), "drop", "half"]
)
def test_a_reading_is_repeated_until_it_is_answered(daemon: Daemon, bad: Answer) -> None:
    assert daemon.connected(bad, bad, (200, SERVICE)).inspect_service("s") == SERVICE
    assert len(daemon.calls) == 3


def test_waiting_for_a_service_lives_through_a_moment_without_a_leader(daemon: Daemon) -> None:
    moments: list[Answer] = [(500, LEADERLESS), (200, SERVICE), "drop", (503, CUT), (200, [TASK])]
    converge.created(daemon.connected(*moments), "s", "web", seconds=5)
    assert len(daemon.calls) == 5


@pytest.mark.parametrize("bad", [(500, "something else"), (404, LEADERLESS), (400, SLOW)])
def test_what_would_not_change_is_not_asked_again(daemon: Daemon, bad: Answer) -> None:
    connected = daemon.connected(bad, (200, SERVICE))
    with pytest.raises(docker.errors.APIError):
        connected.inspect_service("s")
    assert len(daemon.calls) == 1


def test_a_daemon_that_is_gone_is_said_at_once(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = daemon.connected((200, SERVICE))
    daemon.close()
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("a refused connection was repeated"))
    with pytest.raises(requests.ConnectionError):
        connected.inspect_service("s")


@pytest.mark.parametrize("bad", ["drop", (503, CUT), (500, LEADERLESS)])
def test_repeating_ends(daemon: Daemon, bad: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = daemon.connected(bad)
    monkeypatch.setattr(client, "_LEADER_SECONDS", 0.05)
    with pytest.raises((requests.ConnectionError, docker.errors.APIError)):
        connected.inspect_service("s")
    assert len(daemon.calls) > 1


@pytest.mark.parametrize("bad", [(500, LEADERLESS), (503, PREPARED)])
def test_a_change_that_was_refused_is_sent_again(daemon: Daemon, bad: Answer) -> None:
    assert daemon.connected(bad, (201, {"ID": "new"})).create_secret("pw", b"x", {})["ID"] == "new"
    assert daemon.calls == ["POST secrets/create"] * 2


@pytest.mark.parametrize("bad", ["drop", "half", (500, LOST), (500, SLOW), (503, CUT)])
def test_a_change_that_may_have_been_made_is_not_sent_again(daemon: Daemon, bad: Answer) -> None:
    connected = daemon.connected(bad, (201, {"ID": "new"}))
    with pytest.raises((requests.RequestException, docker.errors.APIError)):
        connected.create_secret("pw", b"x", {})
    assert len(daemon.calls) == 1


def test_an_update_that_was_overtaken_reads_the_version_again(daemon: Daemon, inputs: Properties) -> None:
    newer = {**SERVICE, "Version": {"Index": 8}}
    connected = daemon.connected((200, SERVICE), (500, STALE), (200, newer), (200, {}))
    services.update_service(connected, "s", inputs)
    assert [call.rpartition("version=")[2] for call in daemon.calls if call.startswith("POST")] == ["7", "8"]


def test_an_update_of_a_service_that_was_restarted_does_not_restart_it_again(
    daemon: Daemon, inputs: Properties
) -> None:
    """`docker service update --force` and `make restart` raise a number that the program says nothing of."""
    restarted = {**SERVICE, "Spec": {"Name": "web", "Mode": RUNNING, "TaskTemplate": {**ASKED, "ForceUpdate": 4}}}
    services._send_update(daemon.connected((200, restarted), (200, {})), "s", service_spec(plain(inputs)), {})
    assert daemon.sent["TaskTemplate"]["ForceUpdate"] == 4
    asked = service_spec(plain(inputs))
    asked["TaskTemplate"]["ForceUpdate"] = 9
    services._send_update(daemon.connected((200, restarted), (200, {})), "s", asked, {})
    assert daemon.sent["TaskTemplate"]["ForceUpdate"] == 9


def test_an_update_that_is_always_overtaken_fails(daemon: Daemon, inputs: Properties) -> None:
    reads_and_updates: list[Answer] = [(200, SERVICE), (500, STALE)] * services._UPDATE_TRIES
    connected = daemon.connected(*reads_and_updates)
    with pytest.raises(docker.errors.APIError, match="out of sequence"):
        services.update_service(connected, "s", inputs)
    assert len(daemon.calls) == 10


@pytest.mark.parametrize("bad", [(400, "name must be valid"), (500, LOST), (500, SLOW)])
def test_an_update_that_failed_otherwise_is_not_sent_again(daemon: Daemon, inputs: Properties, bad: Answer) -> None:
    connected = daemon.connected((200, SERVICE), bad, (200, {}))
    with pytest.raises(docker.errors.APIError):
        services.update_service(connected, "s", inputs)
    assert len(daemon.calls) == 2
