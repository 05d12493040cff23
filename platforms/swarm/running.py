"""What the services that run were told since the last update: digests of their images, and counts of replicas.

A tag which an engine resolved once stays what it was resolved to.

The docker provider asks the registry for a digest when it creates a service, and then finds that the program's tag is
another image than the digest that it stored: with the next update every service would restart. The Swarm knows the
digest, so the program says the digest too.

The provider writes a whole service with each update, so a count that the scaler set would go back to what the program
says. (`ignore_changes` does not help: then it writes what the state has, the count of the last update.) So the program
says the count that runs.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import pulumi

from platforms import unasked
from platforms.swarm.address import manager
from settings.images import registry_host

_SECONDS = 10.0
"""For a manager that does not answer."""
UNKNOWN = (
    "The digests by which services run are not known, so every service of a deployed stack shows another image; `up` "
    "asks, and changes those that differ. Services with `scaling` show their least replicas; `up` keeps what runs"
)
_HUB = ("docker.io", "index.docker.io")


class Service(NamedTuple):
    """One service, as it was told."""

    image: str
    replicas: int | None
    """None: on every host."""


_NONE = Service("", None)


class Running:
    """Asks a manager once, when the first service is wanted."""

    def __init__(self, host: str | None, prefix: str) -> None:
        """`host`: as in SwarmSettings; `prefix`: what the names of all services in question begin with."""
        self._host = host
        self._prefix = prefix
        self._services: Mapping[str, Service] | None = None

    def image(self, service: str, wanted: str) -> str:
        """`wanted`, with the digest that `service` runs it by. A tag that was pushed again stays the image it was."""
        return same_image(self._of(service).image, wanted)

    def replicas(self, service: str, *, least: int, most: int) -> int:
        """The count that `service` has, between the bounds; the least where it does not run."""
        return min(max(self._of(service).replicas or 0, least), most)

    def _of(self, service: str) -> Service:
        if self._services is None:
            self._services = _services(self._host, self._prefix)
        return self._services.get(service, _NONE)


def same_image(live: str, wanted: str) -> str:
    """`live` where it is the `wanted` one with a digest, else `wanted`."""
    return live if "@" in live and "@" not in wanted and live.partition("@")[0] == _familiar(wanted) else wanted


def _familiar(reference: str) -> str:
    """An image's name and tag as Docker shortens them, which is how the provider writes them before a digest."""
    host = registry_host(reference)
    path = reference.removeprefix(f"{host}/") if host in _HUB else reference
    if host in _HUB or host is None:
        path = path.removeprefix("library/")
    return path if ":" in path.rpartition("/")[2] else f"{path}:latest"


def _services(host: str | None, prefix: str) -> Mapping[str, Service]:
    import docker  # takes a while, and most programs that are tested never come here

    address = manager(host)
    try:
        options = docker.utils.kwargs_from_env(environment={**os.environ, "DOCKER_HOST": address})
        client = docker.APIClient(**options, version="auto", timeout=_SECONDS, use_ssh_client=True)
        services = client.services(filters={"name": prefix})
    except Exception as failure:  # what the client, requests, paramiko or TLS raise
        if pulumi.runtime.is_dry_run():
            unasked.warn(
                "docker",
                f"the Docker host {address} {_unsaid(failure)}",
                f"{UNKNOWN}. The Pulumi CLI's docker provider needs a host that answers, unless {unasked.OFFLINE}=1 "
                "says that there is none",
            )
        elif address.startswith("ssh://") or not _goes_on(failure):
            raise pulumi.RunError(
                f"the Docker host {address} does not say which images run ({failure}): without their digests every "
                "service could restart. Nothing was changed; run `up` again when it answers"
            ) from None
        return {}
    return {one["Name"]: _service(one) for one in (service["Spec"] for service in services)}


def _service(spec: Mapping[str, Any]) -> Service:
    replicated = (spec.get("Mode") or {}).get("Replicated") or {}
    return Service(spec["TaskTemplate"]["ContainerSpec"]["Image"], replicated.get("Replicas"))


def _unsaid(failure: Exception) -> str:
    from docker.errors import APIError

    if isinstance(failure, APIError):
        return f"does not say which images run ({failure.explanation})"
    return f"does not answer ({unasked.reason(failure, _SECONDS)})"


def _goes_on(failure: Exception) -> bool:
    """Whether nothing that runs can come to harm: no manager is there, and the engine will not find one either."""
    from docker.errors import APIError
    from requests.exceptions import Timeout

    if isinstance(failure, APIError):
        return "swarm manager" in str(failure)  # not one; a manager without a leader says something else
    return not isinstance(failure.__cause__ or failure, Timeout)
