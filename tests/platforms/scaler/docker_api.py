"""A Docker API on a unix socket: what a manager of a small Swarm answers, and what it was asked."""

import copy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

VERSION = "1.51"


def service(name: str, *, replicas: int = 3, scaling: str = "3-10", stack: str = "prod") -> dict[str, Any]:
    """As Docker tells it; more than the gate reads, for all of it has to be there afterwards."""
    labels = {"ha-platform.stack": stack} | ({"ha-platform.scaling": scaling} if scaling else {})
    return {
        "ID": f"id-of-{name}",
        "Version": {"Index": 77},
        "Spec": {
            "Name": name,
            "Labels": labels,
            "TaskTemplate": {
                "ContainerSpec": {"Image": f"shop.example/{name}:1", "Secrets": [{"SecretID": "s1"}]},
                "FieldOfTomorrow": {"x": [1, 2]},
            },
            "Mode": {"Replicated": {"Replicas": replicas}},
            "UpdateConfig": {"Order": "start-first"},
        },
    }


class DockerApi:
    """`asked` is every request: method, path without version, and body."""

    def __init__(self, *services: dict[str, Any], manager: bool = True) -> None:
        self.services = {one["Spec"]["Name"]: one for one in services}
        self.manager = manager
        self.asked: list[tuple[str, str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.stats: dict[str, dict[str, Any]] = {}

    @property
    def changes(self) -> list[tuple[str, Any]]:
        """Everything that was not only looked at."""
        return [(path, body) for method, path, body in self.asked if method != "GET"]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        parts = urlsplit(path)
        room, *rest = parts.path.strip("/").split("/")
        if room in ("services", "tasks") and not self.manager:
            return 503, {"message": "This node is not a swarm manager."}
        if room == "tasks":
            return 200, self.tasks
        if room == "containers" and rest == ["json"]:
            return 200, [
                {"Id": one, "Labels": {"com.docker.swarm.service.name": "prod-web"}} for one in sorted(self.stats)
            ]
        if room == "containers":
            return (200, self.stats[rest[0]]) if self.stats[rest[0]] else (404, {"message": "no such container"})
        found = next((one for one in self.services.values() if rest[0] in (one["ID"], one["Spec"]["Name"])), None)
        if found is None:
            return 404, {"message": f"service {rest[0]} not found"}
        if method == "GET":
            return 200, found
        if parse_qs(parts.query)["version"] != [str(found["Version"]["Index"])]:
            return 500, {"message": "rpc error: code = Unknown desc = update out of sequence"}
        found["Spec"] = copy.deepcopy(body)
        found["Version"]["Index"] += 1
        return 200, {"Warnings": None}


@contextmanager
def answering(api: DockerApi, path: Path) -> Iterator[None]:
    """The API on this socket."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self) -> str:
            return "socket"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/_ping":
                status, answer = 200, "OK"
            else:
                prefix, rest = self.path[: len(VERSION) + 2], self.path[len(VERSION) + 2 :]
                assert prefix == f"/v{VERSION}", self.path
                status, answer = (
                    (200, "OK") if rest == "/_ping" else api.answer(self.command, rest, json.loads(body or "null"))
                )
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Api-Version", VERSION)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), Answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
