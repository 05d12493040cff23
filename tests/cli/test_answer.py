"""How `up` asks a balancer for an answer."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli import answer
from cli.answer import show_answers
from cli.entry import Address, Entries
from cli.errors import CommandError
from components.load_balancer.traffic.front import FrontSettings
from platforms.kubernetes.front_settings import IngressSettings, Pods
from platforms.kubernetes.settings import KubernetesSettings
from tests.cli.test_question import OWN, stack


class Here(Entries):
    """Every port is this machine's, after ports that stand for hosts before it."""

    def __init__(self, *before: int) -> None:
        self._before = before

    def of(self, port: int) -> Sequence[Address]:
        return [Address("127.0.0.1", each) for each in (*self._before, port)]

    def for_operators(self, word: str, port_name: str, published: int, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{published}/{word}/{port_name}"


class Redirects(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(308)
        self.send_header("Location", "https://app.example.com/")
        self.send_header("Content-Length", "0")
        self.end_headers()


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/health"
        self.send_response(200 if found else 503)
        self.send_header("Content-Length", "5" if found else "0")
        self.end_headers()
        self.wfile.write(b"fine\n" if found else b"")


class Endless(BaseHTTPRequestHandler):
    """A page that never ends, with bytes that a terminal would obey."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"\x1b[2J<html>" + b"x" * 4096)
        except OSError:
            return


@pytest.fixture
def serving() -> Iterator[Any]:
    """Starts a server on a port of its own."""
    servers = []

    def serve(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> int:
        server = HTTPServer(("127.0.0.1", 0), handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_balancer_with_tls_is_asked_by_https(
    serving: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pem = tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=app.example.com", "-keyout", str(pem), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*command, *subject], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", pem)
    ports = {"http": serving(Redirects), "https": serving(Answers, context), "status": 8404}
    show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="make status")
    said = capsys.readouterr().out
    address = f"127.0.0.1:{ports['https']}"
    assert f"GET /health -> 200, answered at {address} (certificate not verified):" in said
    assert "fine" in said


def test_operators_are_told_where_the_page_of_a_broker_is(serving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = {"word": "tasks-rabbitmq", "port": "management", "published": 15672, "scheme": "https"}
    outputs = {
        "balancers": {"edge": {"http": serving(Answers), "https": None, "status": 8404}},
        "brokers": {"tasks": page},
    }
    show_answers(stack([{"app": "web"}], web=OWN), Here(), outputs, status="make status")
    assert "tasks management page: https://127.0.0.1:15672/tasks-rabbitmq/management" in capsys.readouterr().out


def test_a_redirect_is_an_answer_where_there_is_no_tls(serving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ports = {"http": serving(Redirects), "https": None, "status": 8404}
    show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="make status")
    assert "GET /health -> 308, answered at" in capsys.readouterr().out


def test_a_balancer_that_finds_nobody_is_no_answer(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    ports = {"http": serving(Answers), "https": None, "status": 8404}
    settings = stack([{"app": "web", "path": "/api"}], web=OWN)
    with pytest.raises(CommandError, match=r"no answer within 0 s from .* \(status 503\); `make status` shows"):
        show_answers(settings, Here(), {"balancers": {"edge": ports}}, status="make status")


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port at which nothing answers, as behind a firewall: the queue of its connections is full."""
    monkeypatch.setattr(answer, "CONNECT_SECONDS", 0.3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for each in waiting:
            each.close()


@pytest.fixture
def closed() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def test_the_next_host_is_asked_where_one_does_not_answer(
    serving: Any, dropped: int, closed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    port = serving(Answers)
    ports = {"http": port, "https": None, "status": 8404}
    settings = stack([{"app": "web"}], web=OWN)
    assert show_answers(settings, Here(dropped, closed), {"balancers": {"edge": ports}}, status="make status") == {}
    said = capsys.readouterr().out
    assert f"GET /health -> 200, answered at 127.0.0.1:{port}:" in said
    assert f"edge: http://127.0.0.1:{dropped}/ http://127.0.0.1:{closed}/ http://127.0.0.1:{port}/" in said


def test_hosts_out_of_reach_are_not_asked_and_give_no_answer(
    dropped: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    ports = {"http": dropped, "https": None, "status": 8404}
    settings = stack([{"app": "web"}], web=OWN)
    not_asked = show_answers(settings, Here(), {"balancers": {"edge": ports}}, status="make status")
    assert not_asked == {"edge": f"no connection from here to 127.0.0.1:{dropped} (timed out)"}
    assert "->" not in capsys.readouterr().out


@pytest.mark.parametrize(("front", "scheme"), [({}, "http"), ({"tls": {"issuer": "letsencrypt"}}, "https")])
def test_what_is_in_front_is_named_by_the_hosts_of_the_routes(
    front: dict[str, Any], scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Nowhere(Here):
        def of(self, port: int) -> Sequence[Address]:  # noqa: ARG002
            return []

    routes = [{"app": "web", "host": "b.test"}, {"app": "web", "host": "a.test"}, {"app": "web", "path": "/any"}]
    settings = stack(routes, web=OWN)
    balancer = settings.balancers["edge"].model_copy(update={"front": FrontSettings.model_validate(front)})
    in_front = IngressSettings(controllers=(Pods(namespace="traefik"),))
    platform = KubernetesSettings(kind="kubernetes", entry="ingress", ingress=in_front)
    settings = settings.model_copy(update={"balancers": {"edge": balancer}, "platform": platform})
    outputs = {"balancers": {"edge": {"http": 80, "https": None, "status": 8404}}}
    assert set(show_answers(settings, Nowhere(), outputs, status="make status")) == {"edge"}
    said = capsys.readouterr().out
    assert [line.split()[1] for line in said.splitlines() if "in front" in line] == [
        f"{scheme}://a.test/", f"{scheme}://b.test/",
    ]  # fmt: skip


def test_ports_that_pass_connections_on_are_named_and_not_asked(
    serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = {"http": serving(Answers), "https": None, "status": 8404, "tcp": {"mqtt": 1883}}
    show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="make status")
    assert "edge mqtt: tcp://127.0.0.1:1883/ (not asked)" in capsys.readouterr().out


def test_a_name_that_is_not_known_here_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    class Named(Here):
        def of(self, port: int) -> Sequence[Address]:
            return [Address("no-such-host.invalid", port)]

    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    ports = {"http": 80, "https": None, "status": 8404}
    settings = stack([{"app": "web"}], web=OWN)
    not_asked = show_answers(settings, Named(), {"balancers": {"edge": ports}}, status="make status")
    assert "no connection from here to no-such-host.invalid:80 (" in not_asked["edge"]


def test_a_proxy_that_takes_connections_and_is_silent_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """In reach: what is wrong is on the host."""
    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    monkeypatch.setattr(answer, "READ_SECONDS", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        ports = {"http": None, "https": listener.getsockname()[1], "status": 8404}
        with pytest.raises(CommandError, match=r"https GET /health: no answer within 0 s from .*timed out"):
            show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="s")


def test_a_host_that_refuses_is_in_reach_and_fails(dropped: int, closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    ports = {"http": closed, "https": None, "status": 8404}
    with pytest.raises(CommandError, match=r"no answer within 0 s from .*refused"):
        show_answers(stack([{"app": "web"}], web=OWN), Here(dropped), {"balancers": {"edge": ports}}, status="s")


def test_a_balancer_without_a_public_route_is_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    class Inside(Here):
        def of(self, port: int) -> Sequence[Address]:
            del port
            return []

    ports = {"http": 80, "https": None, "status": 8404}
    not_asked = show_answers(stack([{"app": "web"}], web=OWN), Inside(), {"balancers": {"edge": ports}}, status="s")
    assert "edge" in not_asked
    assert "->" not in capsys.readouterr().out


def test_of_an_answer_that_never_ends_only_the_beginning_is_shown(
    serving: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = {"http": serving(Endless), "https": None, "status": 8404}
    show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="make status")
    said = capsys.readouterr().out
    assert "GET /health -> 401, answered at" in said
    assert "?[2J<html>xxx" in said
    assert "\x1b" not in said
    assert len(said) < 2000
