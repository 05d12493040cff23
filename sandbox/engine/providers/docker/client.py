"""The connection to one Docker host."""

from __future__ import annotations

import os
import time
from typing import Any

import docker
import requests

from sandbox.engine.providers.base import ProviderError, ProviderUnreachable
from sandbox.engine.values import UNKNOWN, Properties, plain

# Provider arguments the sandbox engine has a use for; `version` and `pluginDownloadURL` are the CLI's own.
_KNOWN = frozenset({"host", "version", "pluginDownloadURL"})
_DEFAULT_HOST = "unix:///var/run/docker.sock"
# Managers lose their leader for up to half a minute when a host dies or is slow.
_LEADER_SECONDS = 60.0
_LEADER_PAUSE = 1.0
# The whole answer of one call; calls that wait are polled.
_CALL_SECONDS = 60
# An unreachable tcp host must not hold a run for the kernel's two minutes.
_CONNECT_SECONDS = 5.0
_LEADERLESS = "does not have a leader"
# A request that was sent may have been carried out: only repeated where that does no harm.
_LEADER_LOST = ("lost leader status", "context deadline exceeded")


class _Client(docker.APIClient):  # type: ignore[misc]
    """Repeats a call that a Swarm without a leader refused."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        end = time.monotonic() + _LEADER_SECONDS
        while True:
            response: requests.Response = super().request(method, url, *args, **kwargs)
            if response.status_code < 500 or kwargs.get("stream") or time.monotonic() > end:
                return response
            harmless = method.upper() in ("GET", "DELETE")
            if _LEADERLESS not in response.text and not (harmless and any(x in response.text for x in _LEADER_LOST)):
                return response
            time.sleep(_LEADER_PAUSE)


def host_of(config: Properties) -> str:
    """The address in the provider's arguments, else DOCKER_HOST, else the local socket. Raises ProviderError for an
    argument the sandbox engine does not know."""
    for key, value in config.items():
        if key not in _KNOWN and value is not None:
            raise ProviderError(
                f"docker provider: the sandbox engine does not know the argument {key}; it takes host only"
            )
    host = plain(config.get("host"))
    if host is UNKNOWN:
        raise ProviderError("docker provider: host must be known before the update, but it comes from a resource")
    return str(host or os.environ.get("DOCKER_HOST") or _DEFAULT_HOST)


def connect(host: str) -> docker.APIClient:
    """A client of the daemon at `host`, its API version agreed. Raises ProviderUnreachable."""
    try:
        docker.APIClient(base_url=host, timeout=_CONNECT_SECONDS, version="auto").close()
        return _Client(base_url=host, timeout=_CALL_SECONDS, version="auto", max_pool_size=64, num_pools=64)
    except (docker.errors.DockerException, requests.RequestException, ValueError) as error:
        raise ProviderUnreachable(
            f"the Docker host {host} does not answer ({_reason(error)}): start it, or set DOCKER_HOST or the stack's "
            "Docker host to one that runs"
        ) from error


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, reason in (
        ("No such file or directory", "no such socket"),
        ("Permission denied", "permission denied on the socket"),
        ("Connection refused", "connection refused"),
        ("timed out", f"no answer in {_CONNECT_SECONDS:g} s"),
        ("Name or service not known", "unknown host name"),
        ("No route to host", "no route to it"),
        ("Network is unreachable", "no route to it"),
    ):
        if sign in text:
            return reason
    return text.splitlines()[0] if text else type(error).__name__


def check_swarm(client: docker.APIClient, host: str) -> None:
    """Raises ProviderUnreachable unless the daemon is a manager of a Swarm."""
    swarm = client.info().get("Swarm", {})
    if swarm.get("LocalNodeState") != "active" or not swarm.get("ControlAvailable"):
        raise ProviderUnreachable(
            f"the Docker host {host} is no manager of a Swarm: run `docker swarm init` there, or choose a manager"
        )


def said(error: docker.errors.APIError) -> str:
    """What the daemon said, in one line without the gRPC wrapping."""
    text = str(error.explanation or error)
    return text.split(" desc = ", 1)[-1].strip()


__all__ = ["check_swarm", "connect", "host_of", "said"]
