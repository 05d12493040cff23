"""A small HTTP server that stands for one replica of an application, and can fail in several ways."""

import base64
import contextlib
import hashlib
import itertools
import json
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.loopback import free_port


class Replica:
    """Serves on `address`:`port` (0: any). `mode` and `healthy` may change while it runs.

    `/boom` answers 500 in any mode; a request with `?hold=1` is answered once `released` is set, or after two minutes.
    `/stream` sends `events`, or until `released` is set; with `&held=1` it waits for that after the first of them.
    Modes: "ok"; "error" answers 500; "hang_up" takes the request and closes; "silent" never answers.
    """

    def __init__(self, address: str, port: int = 0) -> None:
        self.address = address
        self.mode = "ok"
        self.healthy = True
        self.seen: Counter[str] = Counter()
        self.open_requests = 0
        self.released = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._start(port or free_port())

    @property
    def port(self) -> int:
        return self._server.server_port

    def kill(self) -> None:
        """As SIGKILL: no connection is served to its end."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._sockets):
            # Closing would wait for the handler's own references.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def restart(self) -> None:
        self._start(self.port)

    def _start(self, port: int) -> None:
        replica = self

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

            def get_request(self) -> tuple[socket.socket, object]:
                connection, client = super().get_request()
                replica._sockets.add(connection)
                return connection, client

            def shutdown_request(self, request: object) -> None:
                assert isinstance(request, socket.socket)
                replica._sockets.discard(request)
                super().shutdown_request(request)

            def handle_error(self, request: object, client_address: object) -> None:
                """Broken connections are what these tests are about."""

        class Handler(_Handler):
            owner = replica

        self._server = Server((self.address, port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Replica

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_OPTIONS(self) -> None:
        self._handle()

    def _handle(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(200 if self.owner.healthy else 503, b"health")
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.owner.seen[self.command] += 1
        self.owner.open_requests += 1
        try:
            self._act(url.path, {key: values[0] for key, values in parse_qs(url.query).items()}, body)
        finally:
            self.owner.open_requests -= 1

    def _act(self, path: str, query: dict[str, str], body: bytes) -> None:
        time.sleep(float(query.get("wait", 0)))
        if "hold" in query:
            self.owner.released.wait(120)
        match self.owner.mode:
            case "error":
                self._answer(500, b"error")
            case "hang_up":
                self.close_connection = True
            case "silent":
                time.sleep(30)
            case _ if path.endswith("/boom"):
                self._answer(500, b"error")
            case _ if path.endswith("/stream"):
                self._stream(int(query.get("events", 0)), float(query["pause"]), held="held" in query)
            case _ if path.endswith("/ws"):
                self._websocket_echo()
            case _:
                seen = {
                    "replica": self.owner.address,
                    "path": self.path,
                    "headers": self.headers.items(),
                    "size": len(body),
                }
                self._answer(200, json.dumps(seen).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "https://set-by-the-application.test")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: int, pause: float, *, held: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(events) if events else itertools.count():
            event = f"data: {number}\n\n".encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            if held:
                self.owner.released.wait(120)
            elif not events and self.owner.released.wait(pause):
                break
            else:
                time.sleep(pause if events else 0)
        self.wfile.write(b"0\r\n\r\n")

    def _websocket_echo(self) -> None:
        """RFC 6455: the handshake, then each short text frame back as it came."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        while len(head := self.rfile.read(6)) == 6:
            mask = head[2:]
            masked = self.rfile.read(head[1] & 0x7F)
            text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))
            self.wfile.write(bytes([0x81, len(text)]) + text)
        self.close_connection = True
