"""The gate to Docker's API: beside the socket of a host, and able to do nothing but set the count of a service.

No request is passed on. The gate makes its own, so there is no way to say anything else to Docker:

- GET `/services/<name>` and POST `/services/<name>/replicas` with `{"replicas": 4, "version": 77}`, for who has the
  password; only services of this stack that have the label of scaling, and only counts between the bounds in it.
- GET `/figures`, what the containers of this stack on this host use, for who has the password.
- GET `/health`.
"""

from __future__ import annotations

import hmac
import json
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .docker_socket import Docker, DockerError

SCALING_LABEL = "ha-platform.scaling"
"""On a service: `<least>-<most>`. The stack's own update writes it, so what may be scaled is what the Swarm says."""
_STACK_LABEL = "ha-platform.stack"
_BUSY = ("updating", "rollback_started", "paused", "rollback_paused")
"""Docker keeps one former specification, to which a failed update returns: a count that is set meanwhile would take its
place, and the service would return to the version that fails."""
_SERVICE = re.compile(r"/services/([a-z0-9][a-z0-9-]{0,62})(/replicas)?")
_LARGEST = 1024
_OLD_SECONDS = 0.5
"""Figures are read anew after that: who asks more often gets the same. Not longer: Prometheus takes them for those of
the moment when it asks, and what is old makes one rate too small and the next one too large."""
_AT_ONCE = 4
Json = dict[str, Any]


class Refused(Exception):
    """What the gate does not do, as an HTTP status."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Gate:
    """Of one stack, beside one daemon."""

    def __init__(self, docker: Docker, stack: str) -> None:
        self._docker = docker
        self._stack = stack
        self._lock = threading.Lock()
        self._read, self._figures = -_OLD_SECONDS, ""

    def look(self, name: str) -> Json:
        """A service's count, its version for a change of it, the containers that run, and whether it is being
        updated. Raises Refused or DockerError."""
        service = self._scaled(name)
        return {
            "replicas": service["Spec"]["Mode"]["Replicated"]["Replicas"],
            "version": service["Version"]["Index"],
            "busy": _state(service) if _state(service) in _BUSY else "",
            "running": self._docker.running(name),
        }

    def scale(self, name: str, replicas: int, version: int) -> None:
        """Set the count, and nothing else. Raises Refused or DockerError."""
        service = self._scaled(name)
        least, most = _bounds(service)
        if not least <= replicas <= most:
            raise Refused(HTTPStatus.FORBIDDEN, f"{name} has between {least} and {most} replicas, not {replicas}")
        if service["Version"]["Index"] != version:
            raise Refused(HTTPStatus.CONFLICT, f"{name} has changed since it was looked at")
        if _state(service) in _BUSY:
            raise Refused(HTTPStatus.CONFLICT, f"{name} is {_state(service)}")
        spec = service["Spec"]
        spec["Mode"]["Replicated"]["Replicas"] = replicas
        self._docker.update(service["ID"], version, spec)

    def figures(self) -> str:
        """CPU and memory of the stack's containers on this host, in Prometheus' text format. Raises DockerError."""
        with self._lock:
            if time.monotonic() - self._read > _OLD_SECONDS:
                found = self._docker.containers(self._stack)
                with ThreadPoolExecutor(_AT_ONCE) as several:
                    lines = [line for lines in several.map(self._of, found) for line in lines]
                self._figures, self._read = "".join(sorted(lines)), time.monotonic()
            return self._figures

    def healthy(self) -> None:
        """Raises DockerError where Docker does not answer."""
        self._docker.ping()

    def _scaled(self, name: str) -> Json:
        service = self._docker.service(name)  # Docker also finds by id and by the begin of an id
        spec = service["Spec"]
        labels = spec.get("Labels") or {}
        ours = spec["Name"] == name and labels.get(_STACK_LABEL) == self._stack and SCALING_LABEL in labels
        if not ours or "Replicated" not in spec["Mode"]:
            raise Refused(HTTPStatus.FORBIDDEN, f"{name} is not a service that this gate scales")
        return service

    def _of(self, container: Json) -> list[str]:
        labels = container.get("Labels") or {}
        service = labels.get("com.docker.swarm.service.name", "")
        try:
            figures = self._docker.figures(container["Id"])
            seconds = figures["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
            memory, details = figures["memory_stats"]["usage"], figures["memory_stats"].get("stats") or {}
        except (DockerError, LookupError, TypeError):  # it ended meanwhile: Docker says nothing, or zeros
            return []
        # Pages of files that can be dropped are not needed; the kernel of cgroup v1 calls them otherwise.
        used = max(0, memory - details.get("total_inactive_file", details.get("inactive_file", 0)))
        whose = f'{{service="{service}",container="{container["Id"]}"}}'
        return [
            f"ha_container_cpu_seconds_total{whose} {seconds:.6f}\n",
            f"ha_container_memory_bytes{whose} {used}\n",
        ]


def _bounds(service: Json) -> tuple[int, int]:
    least, _, most = service["Spec"]["Labels"][SCALING_LABEL].partition("-")
    return int(least), int(most)


def _state(service: Json) -> str:
    return str((service.get("UpdateStatus") or {}).get("State", ""))


class Door(BaseHTTPRequestHandler):
    """Who may say what."""

    gate: Gate
    password: str
    timeout = 10

    def do_GET(self) -> None:
        """`/health`, `/figures`, `/services/<name>`."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """`/services/<name>/replicas`."""
        self._answer(self._post)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a look is no event."""

    def _get(self) -> str:
        if self.path == "/health":
            self.gate.healthy()
            return "ok\n"
        self._known()
        if self.path == "/figures":
            return self.gate.figures()
        found = _SERVICE.fullmatch(self.path)
        if not found or found[2]:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        return json.dumps(self.gate.look(found[1])) + "\n"

    def _post(self) -> str:
        self._known()
        found = _SERVICE.fullmatch(self.path)
        if not found or not found[2]:
            raise Refused(HTTPStatus.NOT_FOUND, "there is nothing here")
        replicas, version = self._order()
        self.gate.scale(found[1], replicas, version)
        print(f"gate: {found[1]} has {replicas} replicas now", flush=True)
        return "done\n"

    def _known(self) -> None:
        """Whoever else is in the network does not know the password."""
        said = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(said, f"Bearer {self.password}".encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "say the password")

    def _order(self) -> tuple[int, int]:
        try:
            length = int(self.headers.get("Content-Length") or 0)
            order = json.loads(self.rfile.read(length)) if 0 < length <= _LARGEST else None
        except ValueError:
            order = None
        if not isinstance(order, dict) or set(order) != {"replicas", "version"}:
            raise Refused(HTTPStatus.BAD_REQUEST, "an order has `replicas` and `version`, and nothing else")
        replicas, version = order["replicas"], order["version"]
        if type(replicas) is not int or type(version) is not int:
            raise Refused(HTTPStatus.BAD_REQUEST, "`replicas` and `version` are whole numbers")
        return replicas, version

    def _answer(self, asked: Any) -> None:
        try:
            status, text = HTTPStatus.OK, asked()
        except Refused as refused:
            status, text = refused.status, f"{refused}\n"
            print(f"gate: refused {self.command} {self.path[:80]!r}: {refused}", flush=True)
        except DockerError as error:
            known = {404: HTTPStatus.NOT_FOUND, 503: HTTPStatus.SERVICE_UNAVAILABLE}
            status, text = known.get(error.status, HTTPStatus.BAD_GATEWAY), f"{error}\n"
        content = text.encode()
        with suppress(ConnectionError):  # who asked does not wait any more
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def serve(told: Json, password: str) -> ThreadingHTTPServer:
    """The server, which does not run yet."""
    door = type("Door", (Door,), {"gate": Gate(Docker(told["socket"]), told["stack"]), "password": password})
    return ThreadingHTTPServer((told["listen"], told["port"]), door)


def main(directory: str) -> int:
    """Runs until it is ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    place = Path(directory)
    server = serve(json.loads((place / "gate.json").read_text()), (place / "password").read_text().strip())
    print("gate: it answers", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
