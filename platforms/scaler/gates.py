"""The gates, as the controller sees them: one name with an address for each host. Only managers can say anything of
services, and any of them speaks for all."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

SECONDS = 5.0
_FIGURES_SECONDS = 3.0
"""A host that was lost must not take the others' figures with it: Prometheus waits no longer than its interval."""
_NO_MANAGER = 503
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Json = dict[str, Any]


class GateError(Exception):
    """What a gate answered, or that none does."""


class Gates:
    """All gates of a stack."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._host = host
        self._port = port
        self._headers = {"Authorization": f"Bearer {password}"}
        self._good = ""
        """The one that answered last."""

    def look(self, service: str) -> Json:
        """Raises GateError."""
        found: Json = json.loads(self._ask(f"/services/{service}"))
        return found

    def scale(self, service: str, replicas: int, version: int) -> None:
        """Raises GateError; then the count is what it was, or was set and nobody said so: the next look tells."""
        self._ask(f"/services/{service}/replicas", {"replicas": replicas, "version": version})

    def figures(self) -> tuple[str, int]:
        """What all hosts' containers use, and how many gates told it."""
        addresses = self._addresses()
        if not addresses:
            return "", 0
        with ThreadPoolExecutor(len(addresses)) as several:
            told = [text for text in several.map(self._figures, addresses) if text is not None]
        return "".join(told), len(told)

    def _figures(self, address: str) -> str | None:
        try:
            return self._request(address, "/figures", None, _FIGURES_SECONDS)
        except (OSError, HTTPException):
            return None

    def _ask(self, path: str, body: Json | None = None) -> str:
        """Of the first gate that is a manager's. An order is not said twice where it may have been heard: Docker
        refuses the second one by its version, and it would look as if nothing had been done."""
        why = f"{self._host} has no address"
        for address in sorted(self._addresses(), key=lambda one: one != self._good):
            try:
                answer = self._request(address, path, body)
            except urllib.error.HTTPError as error:
                why = error.read(500).decode(errors="replace").strip()
                if error.code == _NO_MANAGER:
                    continue
                raise GateError(why) from None
            except (OSError, HTTPException) as error:
                why = f"{address}: {error}"
                if body is not None and not isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                    break
                continue
            self._good = address
            return answer
        raise GateError(why)

    def _request(self, address: str, path: str, body: Json | None, seconds: float = SECONDS) -> str:
        content = None if body is None else json.dumps(body).encode()
        host = f"[{address}]" if ":" in address else address
        request = urllib.request.Request(f"http://{host}:{self._port}{path}", content, self._headers)
        with _DIRECT.open(request, timeout=seconds) as answer:
            text: bytes = answer.read()
        return text.decode()

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        return sorted({str(place[0]) for *_, place in found})
