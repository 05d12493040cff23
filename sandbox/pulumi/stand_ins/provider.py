"""The provider protocol over one provider of the sandbox engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2

from platforms.swarm.address import NOWHERE
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from sandbox.engine.errors import EngineError
from sandbox.engine.inputs import hide_outputs
from sandbox.engine.providers import provider_class
from sandbox.engine.providers.base import (
    Diff,
    PartialFailure,
    Provider,
    ProviderError,
    ProviderUnreachable,
    operation_timeout,
)
from sandbox.engine.refresh import overlaid
from sandbox.engine.values import UNKNOWN, Path, Properties, Value, format_path, parse_path, path_covers, plain
from sandbox.engine.wire import from_struct, to_struct
from sandbox.pulumi.stand_ins.environment import ALLOWED
from sandbox.pulumi.stand_ins.serving import Engine, serve

# ruff: noqa: ARG002 - the protocol fixes the arguments
_KINDS = {"add": 0, "delete": 2, "update": 4}
"""Of `PropertyDiff`; one more says that the change needs a new object."""
_OF_THE_CLI = ("version", "pluginDownloadURL", "__internal")


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """What the CLI asks of a provider; anything else is answered with UNIMPLEMENTED."""

    def __init__(self, package: str, engine: Engine) -> None:
        self._package = package
        self._engine = engine
        self._provider: Provider | None = None

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=f"{version(f'pulumi-{self._package}')}+stand-in")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request: Any, context: Any) -> Any:
        config = {key: value for key, value in from_struct(request.args).items() if key not in _OF_THE_CLI}
        with _said(context):
            if (target := _target(self._package, config)) not in ("", os.environ[ALLOWED]):
                raise ProviderError(f"the stand-in for {self._package} is for the sandbox only, not for {target}")
            self._provider = _class(self._package, config)(config, self._engine.log)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        with _said(context):
            provider = self._of(request.type)
            olds, news = from_struct(request.olds), from_struct(request.news)
            try:
                inputs = provider.check(request.urn, request.name, request.type, olds, news)
            except ProviderError as error:
                return provider_pb2.CheckResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
            return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def Diff(self, request: Any, context: Any) -> Any:
        with _said(context):
            old, outputs, new = (from_struct(part) for part in (request.old_inputs, request.olds, request.news))
            found = self._of(request.type).diff(request.type, old, outputs, new)
            return _diff(found, [parse_path(text) for text in request.ignoreChanges])

    def Create(self, request: Any, context: Any) -> Any:
        inputs = from_struct(request.properties)
        with _said(context, inputs), operation_timeout(request.timeout or None):
            provider = self._of(request.type)
            try:
                id, outputs = provider.create(request.urn, request.type, inputs, request.preview)
            except ProviderUnreachable:
                if not request.preview:
                    raise
                id, outputs = UNKNOWN, inputs
            return provider_pb2.CreateResponse(id="" if id is UNKNOWN else str(id), properties=_stored(outputs, inputs))

    def Update(self, request: Any, context: Any) -> Any:
        old, outputs, inputs = (from_struct(part) for part in (request.old_inputs, request.olds, request.news))
        with _said(context, inputs), operation_timeout(request.timeout or None):
            provider = self._of(request.type)
            try:
                new = provider.update(request.urn, request.type, request.id, old, outputs, inputs, request.preview)
            except ProviderUnreachable:
                if not request.preview:
                    raise
                new = {**outputs, **inputs}
            return provider_pb2.UpdateResponse(properties=_stored(new, inputs))

    def Read(self, request: Any, context: Any) -> Any:
        inputs, outputs = from_struct(request.inputs), from_struct(request.properties)
        with _said(context):
            provider = self._of(request.type)
            if not inputs:
                raise ProviderError(f"{request.type} {request.name!r}: the stand-in does not read what it did not make")
            live = provider.live(request.type, request.id, inputs)
            read = None if live is None else provider.read(request.type, request.id, inputs, outputs)
            if live is None or read is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id, properties=_stored(read, inputs), inputs=to_struct(overlaid(inputs, live))
            )

    def Delete(self, request: Any, context: Any) -> Any:
        with _said(context), operation_timeout(request.timeout or None):
            inputs, outputs = from_struct(request.old_inputs), from_struct(request.properties)
            self._of(request.type).delete(request.type, request.id, inputs, outputs)
            return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _of(self, type: str) -> Provider:
        assert self._provider is not None, "the CLI configures a provider before it uses it"
        if type not in self._provider.types:
            raise ProviderError(f"the stand-in for {self._package} does not know the type {type}")
        return self._provider


def _class(package: str, config: Properties) -> type[Provider]:
    if package != "docker":
        return provider_class(package)
    from sandbox.pulumi.stand_ins.docker import OfficialDocker, ping  # its imports cost the other packages time

    ping(config)
    return OfficialDocker


def _target(package: str, config: Properties) -> str:
    """What a provider of this configuration would change; empty for one that changes nothing."""
    if package == "docker":
        host = str(plain(config.get("host")) or os.environ.get("DOCKER_HOST") or "the default Docker host")
        return "" if host == NOWHERE else host
    if package == "kubernetes":
        return str(plain(config.get("kubeconfig")) or os.environ.get("KUBECONFIG") or "the default cluster")
    return ""


def _stored(outputs: Value, inputs: Properties) -> Any:
    return to_struct(hide_outputs(outputs, inputs, ()))


def _diff(found: Diff, ignored: list[Path]) -> Any:
    changes = {
        path: change
        for path, change in found.changes.items()
        if not any(path_covers(pattern, path) for pattern in ignored)
    }
    answer = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({str(path[0]) for path in changes}),
        replaces=sorted({str(path[0]) for path, change in changes.items() if change.replace}),
        deleteBeforeReplace=found.delete_before_replace,
        hasDetailedDiff=True,
    )
    for path, change in changes.items():
        detail = answer.detailedDiff[format_path(path)]
        detail.kind = _KINDS[change.kind] + change.replace
    return answer


@contextmanager
def _said(context: Any, inputs: Properties | None = None) -> Iterator[None]:
    """What goes wrong inside becomes the protocol's answer: one sentence, and what exists in spite of it."""
    try:
        yield
    except PartialFailure as failure:
        partial = provider_pb2.ErrorResourceInitFailed(
            id=failure.id,
            properties=_stored(failure.outputs, inputs or {}),
            inputs=to_struct(inputs or {}),
            reasons=[failure.reason],
        )
        detail = any_pb2.Any()
        detail.Pack(partial)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=failure.reason, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, failure.reason)
    except (ProviderError, EngineError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def serve_provider(package: str, address: str) -> int:
    """Says that it is a stand-in, then serves until the CLI ends this process."""
    engine = Engine(address)
    engine.log("info", f"pulumi-resource-{package}: a stand-in of the sandbox, not the official plugin")

    def add(server: grpc.Server) -> None:
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandIn(package, engine), server)

    return serve(add)
