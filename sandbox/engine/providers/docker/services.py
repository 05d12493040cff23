"""Services: created, updated and removed as the real provider does, with waiting."""

from __future__ import annotations

import time
from typing import Any

import docker

from sandbox.engine.providers.base import PartialFailure, ProviderError
from sandbox.engine.providers.docker import converge
from sandbox.engine.providers.docker.checking import without_defaults
from sandbox.engine.providers.docker.client import said
from sandbox.engine.providers.docker.outputs import outputs
from sandbox.engine.providers.docker.registry import Logins, headers
from sandbox.engine.providers.docker.removal import remove_service
from sandbox.engine.providers.docker.rules import nanoseconds
from sandbox.engine.providers.docker.service_answer import service_answer
from sandbox.engine.providers.docker.service_fields import SERVICE
from sandbox.engine.providers.docker.service_spec import service_spec
from sandbox.engine.values import Properties, plain

# The Swarm writes to a service too (how far an update is, addresses), also between our reading and updating.
_OUT_OF_SEQUENCE = "update out of sequence"
_UPDATE_TRIES = 5
# A manager that follows may read an old version for a moment.
_UPDATE_PAUSE = 0.2


class NotConverged(ProviderError):
    """A service that did not come to run as asked, and was deleted again."""


def check_service(what: str, inputs: Properties) -> None:
    """Raises ProviderError for combinations that the real provider or the Swarm would refuse."""
    mode = plain(inputs.get("mode")) or {}
    if isinstance(mode, dict) and mode.get("global") is True:
        if inputs.get("convergeConfig") is not None:
            raise ProviderError(f"{what}: mode.global conflicts with convergeConfig; leave convergeConfig out")
        if mode.get("replicated") is not None:
            raise ProviderError(f"{what}: mode.global conflicts with mode.replicated; leave one of them out")
    networks = plain((inputs.get("taskSpec") or {}).get("networksAdvanceds") or [])
    for index, network in enumerate(networks if isinstance(networks, list) else []):
        if isinstance(network, dict) and not {"id", "name"} & network.keys():
            raise ProviderError(f"{what}: taskSpec.networksAdvanceds[{index}] needs an id")


def create_service(client: docker.APIClient, given: dict[str, Any], logins: Logins | None = None) -> str:
    """Creates the service and waits for it; one that does not converge is deleted, as the real provider does."""
    # docker-py's own create_service drops fields that it does not know.
    answer = client._post_json(
        client._url("/services/create"), data=service_spec(given), headers=_headers(given, logins or {})
    )
    id = str(client._result(answer, True)["ID"])
    seconds = converge.deadline_seconds(given)
    if seconds is not None:
        try:
            converge.created(client, id, given["name"], seconds)
        except ProviderError as error:
            delete_service(client, id, given)
            raise NotConverged(f"{error}; the service was deleted again") from error
    return id


def update_service(client: docker.APIClient, id: str, inputs: Properties, logins: Logins | None = None) -> None:
    """Updates the service and waits for it. Raises PartialFailure when it did not come to run as asked."""
    given = plain(inputs)
    _send_update(client, id, service_spec(given), _headers(given, logins or {}))
    seconds = converge.deadline_seconds(given)
    if seconds is not None:
        try:
            converge.updated(client, id, given["name"], seconds)
        except ProviderError as error:
            stored = outputs(SERVICE, inputs, service(client, id, inputs))
            raise PartialFailure(id, {**stored, "id": id}, str(error)) from error


def _headers(given: dict[str, Any], logins: Logins) -> dict[str, str]:
    return headers(logins, given["taskSpec"]["containerSpec"]["image"])


def _send_update(client: docker.APIClient, id: str, spec: dict[str, Any], headers: dict[str, str]) -> None:
    url = client._url("/services/{0}/update", id)
    task = spec["TaskTemplate"]
    asked = task["ForceUpdate"]
    for left in reversed(range(_UPDATE_TRIES)):
        live = client.inspect_service(id)
        version = live["Version"]["Index"]
        # A restart raises it; a program that says nothing of it does not mean another restart.
        task["ForceUpdate"] = asked or live["Spec"]["TaskTemplate"].get("ForceUpdate", 0)
        try:
            client._raise_for_status(
                client._post_json(url, data=spec, params={"version": version}, headers={**headers})
            )
        except docker.errors.APIError as error:
            if not left or _OUT_OF_SEQUENCE not in said(error):
                raise
            time.sleep(_UPDATE_PAUSE)
        else:
            return


def service(client: docker.APIClient, id: str, inputs: Properties) -> Properties:
    answer = service_answer(client.inspect_service(id))
    # How to wait is known to the program only.
    return {
        "__meta": '{"schema_version":"2"}',
        **answer,
        "convergeConfig": without_defaults(plain(inputs.get("convergeConfig"))),
    }


def delete_service(client: docker.APIClient, id: str, inputs: Properties) -> None:
    given = plain(inputs)
    grace = given.get("taskSpec", {}).get("containerSpec", {}).get("stopGracePeriod")
    remove_service(client, id, given.get("name", id), nanoseconds(grace) / 1e9)
