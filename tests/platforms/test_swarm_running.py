"""A service that runs an image by a digest keeps it; what cannot be asked changes nothing."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pulumi
import pytest

from platforms.swarm.running import Running, same_image
from sandbox.engine.providers.docker.client import connect

DIGEST = f"@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ("shop.example/web:1", "shop.example/web:1"),
        ("shop.example:5000/web:latest", "shop.example:5000/web"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("nginx:latest", "library/nginx"),
        ("acme/web:1", "index.docker.io/acme/web:1"),
    ],
)
def test_a_tag_that_runs_is_said_with_its_digest(live: str, wanted: str) -> None:
    assert same_image(live + DIGEST, wanted) == live + DIGEST


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ("", "shop.example/web:1"),
        ("shop.example/web:1", "shop.example/web:1"),
        (f"shop.example/web:1{DIGEST}", "shop.example/web:2"),
        (f"shop.example/web:1{DIGEST}", f"shop.example/web:1@sha256:{'b' * 64}"),
        (f"other.example/web:1{DIGEST}", "shop.example/web:1"),
    ],
)
def test_anything_else_is_what_the_stack_says(live: str, wanted: str) -> None:
    assert same_image(live, wanted) == wanted


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_where_no_manager_is_the_stack_s_image_is_said(host: str) -> None:
    assert Running(host, "dev-").image("dev-web", "shop.example/web:1") == "shop.example/web:1"


def test_an_update_stops_where_ssh_does_not_reach_the_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider may reach it a moment later."""
    with pytest.raises(pulumi.RunError, match=r"ssh://nobody@127\.0\.0\.1:1 does not say which images run"):
        Running("ssh://nobody@127.0.0.1:1", "dev-").image("dev-web", "shop.example/web:1")
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert Running("ssh://nobody@127.0.0.1:1", "dev-").image("dev-web", "shop.example/web:1") == "shop.example/web:1"


class Manager(BaseHTTPRequestHandler):
    """A Docker API with one service."""

    protocol_version = "HTTP/1.1"  # over ssh the client ends the connection of an older one before it read the answer
    asked: list[str] = []  # noqa: RUF012 - the server makes one of these for each request
    refusal = ""
    seconds = 0.0

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        answer: Any = {"ApiVersion": "1.41"}
        time.sleep(self.seconds)
        if self.refusal and path.path.endswith("/services"):
            self._say(503, {"message": self.refusal})
            return
        if path.path.endswith("/services"):
            self.asked.append(json.loads(parse_qs(path.query)["filters"][0])["name"][0])
            task = {"ContainerSpec": {"Image": f"shop.example/web:1{DIGEST}"}}
            mode = {"Replicated": {"Replicas": 7}}
            answer = [
                {"Spec": {"Name": "dev-web", "TaskTemplate": task, "Mode": mode}},
                {"Spec": {"Name": "dev-agent", "TaskTemplate": task, "Mode": {"Global": {}}}},
            ]
        self._say(200, answer)

    def _say(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not here."""


@pytest.fixture
def manager() -> Iterator[str]:
    Manager.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Manager) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("named", ["by the stack", "by DOCKER_HOST"])
def test_the_manager_is_asked_once_for_the_stack_s_services(
    named: str, manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1" if named == "by the stack" else manager)
    running = Running(manager if named == "by the stack" else None, "dev-")
    assert running.image("dev-web", "shop.example/web:1") == f"shop.example/web:1{DIGEST}"
    assert running.image("dev-worker", "shop.example/web:1") == "shop.example/web:1"
    assert Manager.asked == ["dev-"]


@pytest.mark.parametrize(
    ("service", "least", "most", "said"),
    [
        ("dev-web", 3, 10, 7),
        ("dev-web", 8, 10, 8),
        ("dev-web", 2, 5, 5),
        ("dev-new", 3, 10, 3),
        ("dev-agent", 3, 10, 3),
    ],
)
def test_the_count_that_runs_is_kept_between_the_bounds(
    manager: str, service: str, least: int, most: int, said: int
) -> None:
    assert Running(manager, "dev-").replicas(service, least=least, most=most) == said
    assert Manager.asked == ["dev-"]


SSH = """\
#!{python}
import socket, sys, threading
assert sys.argv[1:] == ["-l", "me", "-p", "22", "--", "manager.example", "docker system dial-stdio"], sys.argv
there = socket.create_connection(("127.0.0.1", {port}))
def answer():
    while some := there.recv(65536):
        sys.stdout.buffer.write(some)
        sys.stdout.buffer.flush()
threading.Thread(target=answer, daemon=True).start()
while some := sys.stdin.buffer.read1():
    there.sendall(some)
"""


def test_a_host_named_by_ssh_is_asked_through_the_machine_s_own_ssh(
    manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keys, agent and configuration hold; nobody types a password."""
    program = tmp_path / "ssh"
    program.write_text(SSH.format(python=sys.executable, port=manager.rpartition(":")[2]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("platforms.swarm.running._SECONDS", 60.0)
    monkeypatch.setattr("sandbox.engine.providers.docker.client._CONNECT_SECONDS", 60.0)
    running = Running("ssh://me@manager.example", "dev-")
    assert running.image("dev-web", "shop.example/web:1") == f"shop.example/web:1{DIGEST}"
    with closing(connect("ssh://me@manager.example")) as client:  # the sandbox engine's
        assert [one["Spec"]["Name"] for one in client.services(filters={"name": "dev-"})] == ["dev-web", "dev-agent"]


@pytest.mark.parametrize(
    ("refusal", "seconds"), [("rpc error: the swarm does not have a leader", 0.0), ("", 0.3)], ids=["no leader", "slow"]
)
def test_an_update_stops_where_a_manager_does_not_say_it(
    manager: str, monkeypatch: pytest.MonkeyPatch, refusal: str, seconds: float
) -> None:
    """It would restart every service; a preview goes on."""
    monkeypatch.setattr(Manager, "refusal", refusal)
    monkeypatch.setattr(Manager, "seconds", seconds)
    monkeypatch.setattr("platforms.swarm.running._SECONDS", 0.1)
    with pytest.raises(pulumi.RunError, match=f"the Docker host {manager} does not say which images run"):
        Running(manager, "dev-").image("dev-web", "shop.example/web:1")
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert Running(manager, "dev-").image("dev-web", "shop.example/web:1") == "shop.example/web:1"


def test_an_engine_that_is_no_manager_has_no_services(manager: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Manager, "refusal", "This node is not a swarm manager.")
    assert Running(manager, "dev-").image("dev-web", "shop.example/web:1") == "shop.example/web:1"
