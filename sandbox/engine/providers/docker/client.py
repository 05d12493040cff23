"""The connection to one Docker host."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import docker
import requests
import urllib3

from platforms.swarm.address import manager
from platforms.unasked import reason
from sandbox.engine.providers.base import ProviderError, ProviderUnreachable
from sandbox.engine.values import UNKNOWN, Properties, plain

# Provider arguments the sandbox engine has a use for; `version` and `pluginDownloadURL` are the CLI's own.
_KNOWN = frozenset({"host", "registryAuth", "disableDockerDaemonCheck", "version", "pluginDownloadURL"})
# Managers lose their leader for up to half a minute when a host dies or is slow.
_LEADER_SECONDS = 60.0
_LEADER_PAUSE = 1.0
# The whole answer of one call; calls that wait are polled.
_CALL_SECONDS = 60
# An unreachable tcp host must not hold a run for the kernel's two minutes.
_CONNECT_SECONDS = 5.0
# What a manager says before it did anything: no leader, or it is itself on its way back into the cluster.
_REFUSED = ("does not have a leader", "no elected cluster leader", "Manager is being prepared")
# The leader, or the way to it, was lost in the middle (of a proposal, the daemon's 20 s, a connection of two managers).
# The call may have been carried out: only repeated where that does no harm. An update is not: a service that
# is updated to the same again forgets the spec that it rolls back to.
_LOST = ("raft: failed to process the request", "context deadline exceeded", "code = Unavailable")


class _Client(docker.APIClient):  # type: ignore[misc]
    """Repeats a call that a Swarm without a leader refused, and a reading whose connection broke."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        end = time.monotonic() + _LEADER_SECONDS
        while True:
            try:
                response: requests.Response = super().request(method, url, *args, **kwargs)
            except requests.RequestException as error:
                if method.upper() != "GET" or not _broken(error) or time.monotonic() > end:
                    raise
            else:
                if not _leaderless(method, response, kwargs) or time.monotonic() > end:
                    return response
            time.sleep(_LEADER_PAUSE)


def _leaderless(method: str, response: requests.Response, options: Mapping[str, Any]) -> bool:
    if response.status_code < 500 or options.get("stream"):
        return False
    signs = _REFUSED + (_LOST if method.upper() in ("GET", "DELETE") else ())
    return any(sign in response.text for sign in signs)


def _broken(error: requests.RequestException) -> bool:
    """Whether a connection ended before the whole answer. A refused one or a slow answer does not count."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return True
    wrapped = error.args[0] if error.args else None
    cause = wrapped.args[-1] if isinstance(wrapped, urllib3.exceptions.ProtocolError) else None
    return isinstance(cause, ConnectionResetError | BrokenPipeError)


def host_of(config: Properties) -> str:
    """The address in the provider's arguments, else DOCKER_HOST, else the local socket. Raises ProviderError for an
    argument the sandbox engine does not know."""
    for key, value in config.items():
        if key not in _KNOWN and value is not None:
            raise ProviderError(
                f"docker provider: the sandbox engine does not know the argument {key}; it takes host and registryAuth"
            )
    host = plain(config.get("host"))
    if host is UNKNOWN:
        raise ProviderError("docker provider: host must be known before the update, but it comes from a resource")
    return manager(host)


def may_not_ask(config: Properties) -> bool:
    """Whether the provider is for a preview without hosts."""
    return str(plain(config.get("disableDockerDaemonCheck"))).lower() == "true"


def connect(host: str) -> docker.APIClient:
    """A client of the daemon at `host`, its API version agreed. Raises ProviderUnreachable."""
    try:
        options = {"base_url": host, "version": "auto", "use_ssh_client": True}
        docker.APIClient(**options, timeout=_CONNECT_SECONDS).close()
        return _Client(**options, timeout=_CALL_SECONDS, max_pool_size=64, num_pools=64)
    except (docker.errors.DockerException, requests.RequestException, ValueError) as error:
        raise ProviderUnreachable(
            f"the Docker host {host} does not answer ({reason(error, _CONNECT_SECONDS)}): start it, or set DOCKER_HOST "
            "or the stack's Docker host to one that runs"
        ) from error


def check_swarm(client: docker.APIClient, host: str) -> None:
    """Raises ProviderUnreachable unless the daemon is a manager of a Swarm."""
    swarm = client.info().get("Swarm", {})
    if swarm.get("LocalNodeState") != "active" or not swarm.get("ControlAvailable"):
        raise ProviderUnreachable(
            f"the Docker host {host} is not a manager of a Swarm: run `docker swarm init` there, or choose a manager"
        )


def said(error: docker.errors.APIError) -> str:
    """What the daemon said, in one line without the gRPC wrapping."""
    text = str(error.explanation or error)
    return text.split(" desc = ", 1)[-1].strip()


__all__ = ["check_swarm", "connect", "host_of", "may_not_ask", "said"]
