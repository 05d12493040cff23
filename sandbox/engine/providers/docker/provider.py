"""The docker provider of the sandbox engine: Swarm objects as pulumi-docker 5.2 makes and stores them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import docker
import requests

from platforms.unasked import OFFLINE
from sandbox.engine.providers.base import Diff, Log, Provider, ProviderError, ProviderUnreachable
from sandbox.engine.providers.docker import services
from sandbox.engine.providers.docker.changes import changes
from sandbox.engine.providers.docker.checking import checked, named, without_defaults
from sandbox.engine.providers.docker.client import check_swarm, connect, host_of, may_not_ask, said
from sandbox.engine.providers.docker.kinds import CONFIG_TYPE, KINDS, SERVICE_TYPE
from sandbox.engine.providers.docker.observed import observed
from sandbox.engine.providers.docker.outputs import expected, outputs
from sandbox.engine.providers.docker.registry import logins_of
from sandbox.engine.providers.docker.removal import remove
from sandbox.engine.values import UNKNOWN, Change, Path, Properties, Value, plain


class DockerProvider(Provider):
    types: ClassVar[frozenset[str]] = frozenset(KINDS)

    def __init__(self, config: Properties, log: Log) -> None:
        super().__init__(config, log)
        self._lock = threading.Lock()
        self._connected: docker.APIClient | None = None

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:  # noqa: ARG002
        kind = KINDS[type]
        what = f"docker {kind.said} {name}"
        inputs = named(name, checked(what, kind.fields, new_inputs), old_inputs)
        if type == SERVICE_TYPE:
            services.check_service(what, inputs)
        if type == CONFIG_TYPE and (inputs.get("data") is None) is (inputs.get("dataRaw") is None):
            raise ProviderError(f"{what}: exactly one of data and dataRaw must be given")
        return inputs

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:  # noqa: ARG002
        found = changes(KINDS[type].fields, old_inputs, new_inputs)
        kept = {path: change for path, change in found.changes.items() if not _found(path, change)}
        return replace(found, changes=kept)

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:  # noqa: ARG002
        kind = KINDS[type]
        if preview:
            return UNKNOWN, expected(kind.fields, inputs)
        with self._calls(type, inputs) as client:
            if type == SERVICE_TYPE:
                id = self._create_service(client, plain(inputs))
            else:
                id = kind.create(client, plain(inputs))
            return id, self._outputs(client, type, id, inputs)

    def update(
        self,
        urn: str,  # noqa: ARG002
        type: str,
        id: str,
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        if preview:
            return {**old_outputs, **without_defaults(inputs)}
        with self._calls(type, inputs) as client:
            # Only services can be changed; every change of another type is a replace.
            if type == SERVICE_TYPE:
                services.update_service(client, id, inputs, logins_of(self.config))
            return self._outputs(client, type, id, inputs)

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        with self._calls(type, inputs) as client:
            try:
                return self._outputs(client, type, id, inputs)
            except docker.errors.NotFound:
                return None

    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        kind = KINDS[type]
        with self._calls(type, inputs) as client:
            try:
                return observed(kind.fields, inputs, kind.answer(client, id, inputs))
            except docker.errors.NotFound:
                return None

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:  # noqa: ARG002
        with self._calls(type, inputs) as client:
            if type == SERVICE_TYPE:
                services.delete_service(client, id, inputs)
                return
            call = {
                "network": client.remove_network,
                "secret": client.remove_secret,
                "config": client.remove_config,
                "volume": lambda name: client.remove_volume(name, force=True),
            }[KINDS[type].said]
            remove(call, id, f"{KINDS[type].said} {plain(inputs.get('name', id))}")

    def find(self, type: str, inputs: Properties) -> str | None:
        name = plain(inputs.get("name"))
        if not isinstance(name, str):
            return None
        with self._calls(type, inputs) as client:
            return next(iter(KINDS[type].named(client, name)), None)

    def reachable(self) -> None:
        if may_not_ask(self.config):
            raise ProviderUnreachable(f"docker provider: {OFFLINE} is set, which is for previews; unset it")
        check_swarm(self._client(), host_of(self.config))

    def _create_service(self, client: docker.APIClient, given: dict[str, Any]) -> str:
        return services.create_service(client, given, logins_of(self.config))

    def _outputs(self, client: docker.APIClient, type: str, id: str, inputs: Properties) -> Properties:
        kind = KINDS[type]
        return {**outputs(kind.fields, inputs, kind.answer(client, id, inputs)), "id": id}

    def _client(self) -> docker.APIClient:
        with self._lock:
            if self._connected is None:
                self._connected = connect(host_of(self.config))
            return self._connected

    @contextlib.contextmanager
    def _calls(self, type: str, inputs: Properties) -> Iterator[docker.APIClient]:
        """The client; what goes wrong with it becomes one sentence."""
        what = f"docker {KINDS[type].said} {plain(inputs.get('name'), '')}"
        try:
            yield self._client()
        except docker.errors.APIError as error:
            raise ProviderError(f"{what}: {said(error)}") from error
        except requests.RequestException as error:
            type_name = error.__class__.__name__
            raise ProviderUnreachable(
                f"{what}: the Docker host {host_of(self.config)} stopped answering ({type_name}): check it, "
                "then run again"
            ) from error


def _found(path: Path, change: Change) -> bool:
    """Whether the program only says the digest too that the service runs its image by."""
    if path != ("taskSpec", "containerSpec", "image"):
        return False
    return str(plain(change.new)).startswith(f"{plain(change.old)}@sha256:")
