"""Who gets alerts in tests: an HTTP server and a mail server on loopback that keep what comes."""

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from drills.waiting import wait_for
from tests.components.certificates import Authority


@dataclass
class Hooks:
    """What was POSTed: when, to which path, and its JSON. Below `/broken` it is refused."""

    port: int = 0
    got: list[tuple[float, str, Any]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Any]:
        """The bodies that came to a path, oldest first."""
        return [body for _, where, body in self.got if where == path]


@contextmanager
def hooks() -> Iterator[Hooks]:
    """An HTTP server that takes every POST."""
    kept = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((time.monotonic(), self.path, json.loads(body)))
            self.send_response(404 if self.path.startswith("/broken") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


@dataclass
class Mails:
    """What was mailed: the recipient, and the message as it came. `authority` signed the server's certificate."""

    authority: Path
    port: int = 0
    got: list[tuple[str, str]] = field(default_factory=list)

    @property
    def smarthost(self) -> str:
        return f"localhost:{self.port}"


@contextmanager
def mails(directory: Path) -> Iterator[Mails]:
    """A mail server that wants STARTTLS before it takes anything."""
    signer = Authority.new()
    kept = Mails(directory / "authority.pem")
    kept.authority.write_text(signer.pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*signer.sign("localhost", directory))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.stream, self.encrypted = self.request.makefile("rwb"), False
            self.say("220 sink")
            recipient = ""
            while line := self.stream.readline().decode():
                verb = line.split(":")[0].split()[0].upper()
                if verb == "EHLO":
                    self.say("250-sink", "250 STARTTLS" if not self.encrypted else "250 8BITMIME")
                elif verb == "STARTTLS":
                    self.say("220 go on")
                    self.stream = context.wrap_socket(self.request, server_side=True).makefile("rwb")
                    self.encrypted = True
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                elif not self.encrypted:
                    self.say("530 STARTTLS first")
                elif verb == "RCPT":
                    recipient = line.partition(":")[2].strip(" <>\r\n")
                    self.say("250 ok")
                elif verb == "DATA":
                    self.say("354 go on")
                    text = ""
                    while (line := self.stream.readline().decode()) not in (".\r\n", ""):
                        text += line
                    kept.got.append((recipient, text))
                    self.say("250 taken")
                else:
                    self.say("250 ok")

        def say(self, *lines: str) -> None:
            self.stream.write("".join(f"{line}\r\n" for line in lines).encode())
            self.stream.flush()

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def until(holds: Callable[[], Any], what: str) -> Any:
    """What it returns as soon as that is true."""
    return wait_for(what, holds, seconds=300, every=0.05)
