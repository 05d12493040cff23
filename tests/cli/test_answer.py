"""What `up` asks of a balancer, and how."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli import answer
from cli.answer import Question, question, show_answers
from cli.entry import Entries
from cli.errors import CommandError
from composition.stack import Stack
from settings.load import load

SAMPLE = "/chat?prompt=hello&tokens=12&delay_ms=40"
OWN = {"image": "registry.example.com/x/chat:1.0", "port": 8000}


def stack(routes: list[dict[str, Any]], images: dict[str, Any] | None = None, **apps: dict[str, Any]) -> Stack:
    document = {
        "platform": {"kind": "kubernetes"},
        "images": images or {},
        "balancers": {"edge": {"listen": {"http": 8080}, "routes": routes}},
        "apps": apps,
    }
    loaded = load(Stack, document, root="stack")
    assert not loaded.faults
    return loaded.sound


@pytest.mark.parametrize(
    ("route", "app", "asked"),
    [
        ({}, OWN, Question(path="/health")),
        ({}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/api/health")),
        ({}, {**OWN, "probes": {"interval": "5s"}}, Question(path="/health")),
        ({"check": {"path": "/up"}}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/up")),
        ({"host": "a.example.com"}, OWN, Question(path="/health", host="a.example.com")),
        ({"path": "/api"}, {**OWN, "probes": {"health": "/api/health"}}, Question(path="/api/health")),
        ({"path": "/api"}, OWN, Question(path="/api", any_answer=True)),
        ({}, {**OWN, "image": "chat:1.0"}, Question(path="/health")),
    ],
)
def test_what_is_asked(route: dict[str, Any], app: dict[str, Any], asked: Question) -> None:
    settings = stack([{"app": "web", **route}], web=app)
    assert question(settings, settings.balancers["edge"]) == asked


def test_a_route_whose_check_it_leads_to_is_asked_before_another() -> None:
    settings = stack([{"app": "web", "path": "/api"}, {"app": "page"}], web=OWN, page=OWN)
    assert question(settings, settings.balancers["edge"]) == Question(path="/health")


def test_the_sample_application_is_known_by_its_image_and_source() -> None:
    sample = {"image": "chat", "port": 8000}
    settings = stack([{"app": "web"}], {"source": "sandbox"}, web=sample)
    assert question(settings, settings.balancers["edge"]) == Question(path=SAMPLE)
    own = {"ref": "registry.example.com/chat:1", "uid": 1, "gid": 1, "http_probe": "curl"}
    settings = stack([{"app": "web"}], {"source": "sandbox", "override": {"chat": own}}, web=sample)
    assert question(settings, settings.balancers["edge"]) == Question(path="/health")


class Here(Entries):
    """Every port is this machine's."""

    def of(self, port: int) -> tuple[str, int]:
        return "127.0.0.1", port

    def for_operators(self, word: str, port_name: str, published: int) -> str:
        return f"http://127.0.0.1:{published}/{word}/{port_name}"


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
    assert "GET /health -> 200 (certificate not verified):" in said
    assert "fine" in said


def test_a_redirect_is_an_answer_where_there_is_no_tls(serving: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ports = {"http": serving(Redirects), "https": None, "status": 8404}
    show_answers(stack([{"app": "web"}], web=OWN), Here(), {"balancers": {"edge": ports}}, status="make status")
    assert "GET /health -> 308:" in capsys.readouterr().out


def test_a_balancer_that_finds_nobody_is_no_answer(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "DEADLINE_SECONDS", 0)
    ports = {"http": serving(Answers), "https": None, "status": 8404}
    settings = stack([{"app": "web", "path": "/api"}], web=OWN)
    with pytest.raises(CommandError, match=r"did not answer within 0 s \(status 503\); `make status` shows"):
        show_answers(settings, Here(), {"balancers": {"edge": ports}}, status="make status")
