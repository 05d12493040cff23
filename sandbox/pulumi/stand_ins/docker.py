"""The docker provider as the official plugin behaves where the sandbox engine's does better.

The official one asks the registry for an image's digest and platforms when it creates a service, and nowhere else. What
it reads of a service is what it compares with from then on. Why a service does not run it says in the Swarm's words
alone, without an exit code and a log. Before its first operation, in a preview too, it wants an answer of the host, if
that is not reached by SSH; it does not want a manager of a Swarm.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import docker

from sandbox.engine.providers.base import Diff, PartialFailure, ProviderError, ProviderUnreachable
from sandbox.engine.providers.docker.client import connect, host_of
from sandbox.engine.providers.docker.kinds import SERVICE_TYPE
from sandbox.engine.providers.docker.provider import DockerProvider
from sandbox.engine.providers.docker.registry import headers, logins_of
from sandbox.engine.providers.docker.services import NotConverged
from sandbox.engine.values import Change, Properties, Value, plain

_IMAGE = ("taskSpec", "containerSpec", "image")
_PLATFORMS = ("taskSpec", "placement", "platforms")


def ping(config: Properties) -> None:
    """What a configuration fails with, in the official one's words. `disableDockerDaemonCheck` makes no difference."""
    host = host_of(config)
    if host.startswith("ssh://"):
        return
    try:
        connect(host).close()
    except ProviderUnreachable:
        raise ProviderError(
            "docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon"
        ) from None


class OfficialDocker(DockerProvider):
    """Creates services with digests."""

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        found = super().diff(type, old_inputs, old_outputs, new_inputs)
        if type != SERVICE_TYPE:
            return found
        changes = {path: change for path, change in found.changes.items() if path not in (_IMAGE, _PLATFORMS)}
        for path in (_IMAGE, _PLATFORMS):
            stored, wanted = (_at(plain(part), path) for part in (old_outputs, new_inputs))
            if (stored or None) != (wanted or None):
                changes[path] = Change("update" if wanted else "delete", stored, wanted)
        return Diff(changes, found.delete_before_replace)

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:
        try:
            return super().create(urn, type, inputs, preview)
        except NotConverged as error:
            timeout = _at(plain(inputs), ("convergeConfig", "timeout"))
            raise ProviderError(f"service {plain(inputs['name'])} did not converge after {timeout}") from error

    def update(
        self,
        urn: str,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        try:
            return super().update(urn, type, id, old_inputs, old_outputs, inputs, preview)
        except PartialFailure as failure:
            said = self._client().inspect_service(id).get("UpdateStatus") or {}
            state = str(said.get("State", "updating")).replace("_", " ")
            why = f"service update {state}: {said.get('Message', '')}"
            raise PartialFailure(failure.id, failure.outputs, why) from failure

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        stored = super().read(type, id, inputs, outputs)
        if stored is None or type != SERVICE_TYPE:
            return stored
        placement = self._spec(id)["TaskTemplate"].get("Placement") or {}
        platforms = [{"architecture": one["Architecture"], "os": one["OS"]} for one in placement.get("Platforms") or []]
        return _with(stored, _PLATFORMS, platforms)

    def _create_service(self, client: docker.APIClient, given: dict[str, Any]) -> str:
        return super()._create_service(client, self._resolved(client, given))

    def _outputs(self, client: docker.APIClient, type: str, id: str, inputs: Properties) -> Properties:
        stored = super()._outputs(client, type, id, inputs)
        if type != SERVICE_TYPE:
            return stored
        return _with(stored, _IMAGE, self._spec(id)["TaskTemplate"]["ContainerSpec"]["Image"])

    def _spec(self, id: str) -> Any:
        return self._client().inspect_service(id)["Spec"]

    def _resolved(self, client: docker.APIClient, given: dict[str, Any]) -> dict[str, Any]:
        """`given` with what the registry says of its image; as it is where no registry answers."""
        image = _at(given, _IMAGE)
        url = client._url("/distribution/{0}/json", image)
        answer = client._get(url, headers=headers(logins_of(self.config), image))
        if answer.status_code != HTTPStatus.OK:
            return given
        said = answer.json()
        if "@" not in image:
            given = _with(given, _IMAGE, f"{image}@{said['Descriptor']['digest']}")
        platforms = [{"architecture": one["architecture"], "os": one["os"]} for one in said.get("Platforms") or []]
        return _with(given, _PLATFORMS, platforms)


def _at(properties: Value, path: tuple[str, ...]) -> Value:
    for key in path:
        properties = properties.get(key) if isinstance(properties, dict) else None
    return properties


def _with(properties: Properties, path: tuple[str, ...], value: Value) -> Properties:
    key, *rest = path
    inner = value if not rest else _with(properties.get(key) or {}, tuple(rest), value)
    return {**properties, key: inner}
