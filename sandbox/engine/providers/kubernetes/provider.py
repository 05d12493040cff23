"""The kubernetes provider of the sandbox engine: objects as pulumi-kubernetes 4.34 makes and stores them."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar

from sandbox.engine.providers.base import Diff, Log, PartialFailure, Provider, ProviderError, ProviderUnreachable
from sandbox.engine.providers.kubernetes.changes import changes, failed_job
from sandbox.engine.providers.kubernetes.checking import annotation, checked
from sandbox.engine.providers.kubernetes.client import ApiError, Client
from sandbox.engine.providers.kubernetes.config import read_config
from sandbox.engine.providers.kubernetes.kinds import KINDS, Kind
from sandbox.engine.providers.kubernetes.outputs import field_manager, identifier, observed, outputs
from sandbox.engine.providers.kubernetes.waiting import SKIP_AWAIT, until_gone, until_ready
from sandbox.engine.values import UNKNOWN, Properties, Value, has_unknown, plain

_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
_PROPAGATIONS = {"orphan": "Orphan", "background": "Background"}
_DEFAULT_NAMESPACE = "default"
_FIELD_IMMUTABLE = "field is immutable"
# Kinds whose deletion is not waited for either when they skip waiting.
_SKIP_ON_DELETE = frozenset({"Namespace", "DaemonSet", "Deployment", "StatefulSet", "Job"})


class KubernetesProvider(Provider):
    types: ClassVar[frozenset[str]] = frozenset(KINDS)

    def __init__(self, config: Properties, log: Log) -> None:
        super().__init__(config, log)
        self._settings = read_config(config)
        self._client = Client(self._settings)

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:  # noqa: ARG002
        return checked(KINDS[type], name, old_inputs, new_inputs, self._settings.namespace)

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        found = changes(KINDS[type], old_inputs, new_inputs)
        return replace(found, changes=found.changes | failed_job(KINDS[type], old_outputs, new_inputs))

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:  # noqa: ARG002
        kind, manager = KINDS[type], field_manager({})
        if preview:
            return UNKNOWN, self._previewed(kind, inputs, manager, inputs)
        if not self._settings.adopts and self.find(type, inputs) is not None:
            raise ProviderError(
                f"{self._said(kind, inputs)} is already in the cluster: delete it, or choose another name"
            )
        live = self._apply(kind, inputs, manager)
        return identifier(live), self._awaited(kind, inputs, live, manager)

    def update(
        self,
        urn: str,  # noqa: ARG002
        type: str,
        id: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        kind, manager = KINDS[type], field_manager(old_outputs)
        if preview:
            return self._previewed(kind, inputs, manager, {**old_outputs, **inputs})
        return self._awaited(kind, inputs, self._apply(kind, inputs, manager), manager)

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        live = self._get(KINDS[type], self._path(KINDS[type], id))
        return None if live is None else self._stored(KINDS[type], inputs, live, field_manager(outputs))

    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        found = self._get(KINDS[type], self._path(KINDS[type], id))
        return None if found is None else dict(observed(inputs, found))

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:  # noqa: ARG002
        kind = KINDS[type]
        path = self._path(kind, id)
        live = self._get(kind, path)
        if live is None:
            return
        policy = annotation(inputs, _PROPAGATION).lower()
        try:
            self._client.delete(path, _PROPAGATIONS.get(policy, "Foreground"))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise ProviderError(f"kubernetes {kind.kind} {id}: {error}") from error
        if annotation(inputs, SKIP_AWAIT) != "true" or kind.kind not in _SKIP_ON_DELETE:
            until_gone(self._client, kind, path, inputs, live["metadata"]["uid"])

    def find(self, type: str, inputs: Properties) -> str | None:
        kind = KINDS[type]
        metadata = plain(inputs.get("metadata"))
        if has_unknown(metadata):
            return None
        live = self._get(kind, self._own_path(kind, inputs))
        return None if live is None else identifier(live)

    def reachable(self) -> None:
        self._client.get("/version")

    def _apply(self, kind: Kind, inputs: Properties, manager: str) -> Properties:
        try:
            return self._client.apply(self._own_path(kind, inputs), plain(inputs), manager)
        except ApiError as error:
            raise ProviderError(f"{self._said(kind, inputs)}: {error}") from error

    def _previewed(self, kind: Kind, inputs: Properties, manager: str, fallback: Properties) -> Properties:
        """What the API server would make of `inputs`; `fallback` where it cannot say yet."""
        if has_unknown(inputs):
            return fallback
        try:
            live = self._client.apply(self._own_path(kind, inputs), plain(inputs), manager, dry_run=True)
        except ApiError as error:
            # The namespace comes with this run, or the object is there and is replaced by it.
            if _may_not_try(error) or error.status == HTTPStatus.NOT_FOUND or _FIELD_IMMUTABLE in str(error):
                return fallback
            raise ProviderError(f"{self._said(kind, inputs)}: {error}") from error
        return outputs(kind, inputs, live, manager, preview=True)

    def _awaited(self, kind: Kind, inputs: Properties, live: Properties, manager: str) -> Properties:
        path = self._path(kind, identifier(live))
        try:
            return self._stored(kind, inputs, until_ready(self._client, kind, path, inputs, live), manager)
        except ProviderUnreachable:
            raise
        except ProviderError as error:
            now = self._get(kind, path) or live
            raise PartialFailure(identifier(live), self._stored(kind, inputs, now, manager), str(error)) from error

    @staticmethod
    def _stored(kind: Kind, inputs: Properties, live: Properties, manager: str) -> Properties:
        return outputs(kind, inputs, live, manager)

    def _get(self, kind: Kind, path: str) -> Properties | None:
        try:
            return self._client.get(path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise ProviderError(f"kubernetes {kind.kind} {path.rsplit('/', 1)[-1]}: {error}") from error

    def _own_path(self, kind: Kind, inputs: Properties) -> str:
        metadata = plain(inputs["metadata"])
        namespace = metadata.get("namespace") or self._settings.namespace or _DEFAULT_NAMESPACE
        return f"{kind.collection(namespace)}/{metadata['name']}"

    @staticmethod
    def _path(kind: Kind, id: str) -> str:
        namespace, _, name = id.rpartition("/")
        return f"{kind.collection(namespace or _DEFAULT_NAMESPACE)}/{name}"

    @staticmethod
    def _said(kind: Kind, inputs: Properties) -> str:
        return f"kubernetes {kind.kind} {plain(inputs['metadata']).get('name')}"


def _may_not_try(error: ApiError) -> bool:
    """Whether the user has no right to it, so that nothing is known. Admission (a volume that its class cannot grow)
    answers with the same status, and the update would fail as the preview does."""
    return error.status == HTTPStatus.FORBIDDEN and 'User "' in str(error)
