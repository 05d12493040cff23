"""The few calls of Docker's API that the gate makes, over the socket of its host."""

from __future__ import annotations

import json
import socket
import urllib.parse
from http.client import HTTPConnection, HTTPException
from typing import Any

SECONDS = 5.0
_OLDEST = "1.41"
"""Docker 20.10: figures of a container at once, and the tasks of services."""
Json = dict[str, Any]


class DockerError(Exception):
    """What Docker answered instead: its `status`, or 0 where nobody answers."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Docker:
    """One host's daemon."""

    def __init__(self, path: str) -> None:
        self._path = path

    def ping(self) -> None:
        """Raises DockerError where nobody answers."""
        self._call("GET", "/_ping")

    def service(self, name: str) -> Json:
        """Raises DockerError: 404 where there is none, 503 where this host is no manager."""
        found: Json = self._read(f"/services/{urllib.parse.quote(name, safe='')}")
        return found

    def running(self, name: str) -> list[str]:
        """The containers of the tasks of a service that run, and shall."""
        wanted = json.dumps({"service": [name], "desired-state": ["running"]})
        tasks = self._read(f"/tasks?{urllib.parse.urlencode({'filters': wanted})}")
        states = (task.get("Status") or {} for task in tasks)
        return [str(one["ContainerStatus"]["ContainerID"]) for one in states if one.get("State") == "running"]

    def update(self, service: str, version: int, spec: Json) -> None:
        """Another specification for the service of this id; refused by Docker where it is not at this version."""
        self._call("POST", f"/services/{urllib.parse.quote(service, safe='')}/update?version={version}", spec)

    def containers(self, stack: str) -> list[Json]:
        """Those of a stack that run on this host."""
        wanted = json.dumps({"label": [f"ha-platform.stack={stack}"], "status": ["running"]})
        found: list[Json] = self._read(f"/containers/json?{urllib.parse.urlencode({'filters': wanted})}")
        return found

    def figures(self, container: str) -> Json:
        """What one container uses, at once."""
        found: Json = self._read(f"/containers/{urllib.parse.quote(container, safe='')}/stats?stream=false&one-shot=1")
        return found

    def _read(self, path: str) -> Any:
        return json.loads(self._call("GET", path))

    def _call(self, method: str, path: str, body: Json | None = None) -> bytes:
        connection = _Socket(self._path)
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            connection.request(method, f"/v{self._version(connection)}{path}", content, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            raise DockerError(0, f"Docker does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise DockerError(answer.status, _message(text))
        return text

    def _version(self, connection: _Socket) -> str:
        """The newest that the daemon speaks: an old one is refused by new daemons, and a specification that is written
        back as it was read keeps each of its fields in the same version alone."""
        connection.request("GET", "/_ping")
        answer = connection.getresponse()
        answer.read()
        return answer.headers.get("Api-Version") or _OLDEST


class _Socket(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=SECONDS)
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, LookupError, TypeError):
        return text[:200].decode(errors="replace")
