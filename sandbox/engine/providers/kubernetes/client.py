"""Calls to the API server of one cluster."""

from __future__ import annotations

import json
import threading
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from platforms.unasked import reason
from sandbox.engine.providers.base import ProviderError, ProviderUnreachable
from sandbox.engine.providers.kubernetes.config import ClusterConfig, api_client
from sandbox.engine.values import Properties

_APPLY = "application/apply-patch+yaml"
_JSON = "application/json"
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0
# The server sheds load, or a controller and the engine write at once: asked again for this long.
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT})
_BUSY_SECONDS = 30.0
_BUSY_PAUSE = 0.5


class ApiError(ProviderError):
    """The API server refused: `status` is the HTTP status, `reason` its own word for it."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Client:
    """The connection is made with the first call. Safe to use from several threads."""

    def __init__(self, config: ClusterConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._api: Any = None

    def get(self, path: str, **query: str) -> Properties:
        return self._json("GET", path, query)

    def text(self, path: str, **query: str) -> str:
        """A plain text answer, such as a log."""
        status, data = self._call("GET", path, query, None, None)
        if status != HTTPStatus.OK:
            raise _error(status, data)
        return str(data, errors="replace")

    def apply(self, path: str, body: Properties, field_manager: str, dry_run: bool = False) -> Properties:
        """Server-side apply. The field manager takes over fields that another one owns."""
        query = {"fieldManager": field_manager, "force": "true"}
        if dry_run:
            query["dryRun"] = "All"
        return self._json("PATCH", path, query, body, _APPLY)

    def delete(self, path: str, propagation: str) -> None:
        self._json("DELETE", path, {}, {"propagationPolicy": propagation}, _JSON)

    def _json(
        self, method: str, path: str, query: dict[str, str], body: Properties | None = None, kind: str | None = None
    ) -> Properties:
        end = time.monotonic() + _BUSY_SECONDS
        while True:
            status, data = self._call(method, path, query, body, kind)
            if 200 <= status < 300:
                answer: Properties = json.loads(data)
                return answer
            if status not in _BUSY or time.monotonic() > end:
                raise _error(status, data)
            time.sleep(_BUSY_PAUSE)

    def _call(
        self, method: str, path: str, query: dict[str, str], body: Properties | None, kind: str | None
    ) -> tuple[int, bytes]:
        api = self._connected()
        headers = {"Accept": "application/json, */*", **api.default_headers}
        if kind is not None:
            headers["Content-Type"] = kind
        api.update_params_for_auth(headers, None, ["BearerToken"], path, method, body)
        url = api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            answer: urllib3.BaseHTTPResponse = api.rest_client.pool_manager.request(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ProviderUnreachable(
                f"the Kubernetes API server {_address(api)} of {self._config.source} does not answer "
                f"({reason(error, _CONNECT_SECONDS)}): start the cluster, or set KUBECONFIG, or the stack's "
                "kubeconfig and context, to one that runs"
            ) from error
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and path == "/version":
            raise ProviderUnreachable(
                f"the Kubernetes API server {_address(api)} refuses the credentials of {self._config.source}: "
                "renew them, or choose another context"
            )
        return answer.status, answer.data

    def _connected(self) -> Any:
        with self._lock:
            if self._api is None:
                self._api = api_client(self._config)
            return self._api


def _address(api: Any) -> str:
    return urlsplit(str(api.configuration.host)).netloc


def _error(status: int, data: bytes) -> ApiError:
    try:
        answer = json.loads(data)
        return ApiError(status, str(answer.get("reason", "")), str(answer.get("message") or f"HTTP status {status}"))
    except ValueError:
        return ApiError(status, "", f"HTTP status {status}")
