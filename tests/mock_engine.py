"""An engine for unit tests: it records what a program registers and answers as if everything had been created.

Nothing is asserted while the program runs: the SDK registers in the background and drops what a test raises there.
`render` returns when every registration has landed.
"""

import asyncio
import base64
import hashlib
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime.mocks import MockEngine, MockSettings
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import configure, set_root_resource
from pulumi.runtime.stack import run_in_stack

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
SECRET_MARK = "<secret>"
"""`{SECRET_MARK: value}` stands for a secret among the recorded inputs."""

# The line of code behind each registration is not recorded here; to find it takes a fifth of a rendering's time.
sdk_resource._get_stack_trace = source_pb2.StackTrace

_RENDER = threading.Lock()
_LOG = logging.getLogger("ha-platform.mock-engine")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False
_FEATURES = {
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One registration. `parent`, `depends_on` and `provider` are names of other registrations (provider: "" for the
    default one); `depends_on` holds explicit and implicit dependencies."""

    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str
    depends_on: tuple[str, ...]
    provider: str
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    before_update: tuple[str, ...] = ()
    outputs: dict[str, Any] = field(default_factory=dict)
    urn: str = ""


def render(build: Callable[[pulumi.Resource], object], *, stack: str = "test") -> list[Recorded]:
    """Run `build(parent)` as a program, and return what it registered, by type and name, without the stack itself.

    Whatever `build` raises is raised here, as is any failure of a registration.
    """
    with _RENDER:
        monitor = _Monitor(stack)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            configure(
                MockSettings(  # type: ignore[no-untyped-call]
                    monitor=monitor,
                    monitor_features=_FEATURES,
                    engine=MockEngine(_LOG),
                    project="ha-platform",
                    stack=stack,
                    dry_run=False,
                    callbacks=_Callbacks(),
                    outputs=set(),  # of this run: those of one that failed belong to a closed loop
                )
            )
            set_root_resource(None)  # type: ignore[arg-type]  # the one of an earlier run
            program = _Program(build)
            try:
                loop.run_until_complete(run_in_stack(program))
            except Exception as failure:
                raise program.raised or failure from None
        finally:
            loop.close()
            asyncio.set_event_loop(None)
    return sorted(monitor.recorded, key=lambda one: (one.type, one.name))


class _Program:
    """The program; what it raises comes before what fails among the registrations it had queued."""

    def __init__(self, build: Callable[[pulumi.Resource], object]) -> None:
        self._build = build
        self.raised: Exception | None = None

    def __call__(self) -> None:
        try:
            self._build(pulumi.ComponentResource("ha-platform:tests:Parent", "parent"))
        except Exception as raised:
            self.raised = raised
            raise


class _Callbacks:
    """Takes the hooks of resources; nothing is updated here, so none is called."""

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        """As the SDK's own."""


class _Monitor:
    """The part of the resource monitor's interface that a program of this project uses."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self.recorded: list[Recorded] = []

    def GetDeploymentInfo(self, _: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:
        return resource_pb2.DeploymentInfo(supportedFeatures=sorted(_FEATURES))

    def SupportsFeature(self, request: Any) -> Any:
        supported = request.id in ("secrets", "resourceReferences", "aliasSpecs")
        return resource_pb2.SupportsFeatureResponse(hasSupport=supported)

    def SignalAndWaitForShutdown(self, _: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:
        outputs = _plain(json_format.MessageToDict(request.outputs))
        self.recorded = [replace(one, outputs=outputs) if one.urn == request.urn else one for one in self.recorded]
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:
        qualified = request.type
        if request.parent and "pulumi:pulumi:Stack" not in request.parent:
            qualified = f"{request.parent.split('::')[2]}${request.type}"
        urn = f"urn:pulumi:{self._stack}::ha-platform::{qualified}::{request.name}"
        inputs = _plain(json_format.MessageToDict(request.object))
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if any(one.type == request.type and one.name == request.name for one in self.recorded):
            raise ValueError(f"{request.type} {request.name!r} is registered twice")
        outputs = _outputs(request.type, request.name, inputs) if request.custom else {}
        self.recorded.append(
            Recorded(
                type=request.type,
                name=request.name,
                custom=request.custom,
                inputs=inputs,
                parent=_name(request.parent),
                depends_on=tuple(sorted(_name(urn) for urn in request.dependencies)),
                provider=_name(request.provider.rpartition("::")[0]),
                protect=request.protect,
                retain_on_delete=request.retainOnDelete,
                ignore_changes=tuple(request.ignoreChanges),
                before_update=tuple(request.hooks.before_update),
                outputs=outputs,
                urn=urn,
            )
        )
        answer = struct_pb2.Struct()
        json_format.ParseDict(_wire(outputs), answer)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id" if request.custom else "", object=answer
        )


def _name(urn: str) -> str:
    return "" if "pulumi:pulumi:Stack" in urn else urn.rpartition("::")[2]


def _plain(value: Any) -> Any:
    """Without the wire's marks: secrets as `{SECRET_MARK: value}`, whole numbers as int."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return {SECRET_MARK: _plain(value["value"])}
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _wire(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {SECRET_MARK}:
            return {_SIGNATURE: _SECRET, "value": _wire(value[SECRET_MARK])}
        return {key: _wire(item) for key, item in value.items()}
    return [_wire(item) for item in value] if isinstance(value, list) else value


_CERTIFICATES: dict[str, Callable[[str], dict[str, Any]]] = {
    "PrivateKey": lambda name: {"privateKeyPem": {SECRET_MARK: f"<key {name}>\n"}},
    "CertRequest": lambda name: {"certRequestPem": f"<request {name}>\n"},
    "SelfSignedCert": lambda name: {"certPem": f"<certificate {name}>\n", "validityEndTime": "2036-01-01T00:00:00Z"},
    "LocallySignedCert": lambda name: {"certPem": f"<certificate {name}>\n", "validityEndTime": "2028-01-01T00:00:00Z"},
}


def _outputs(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs and what the provider would compute. An autoname changes with the inputs, as a replacement's does."""
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    autoname = f"{name}-{digest[:7]}"
    if type_.startswith("docker:") and type_.partition("/")[2]:
        return {**inputs, "name": inputs.get("name", autoname)}
    if type_.startswith("kubernetes:"):
        metadata = inputs.get("metadata") or {}
        return {**inputs, "metadata": {**metadata, "name": metadata.get("name", autoname)}}
    if type_ == "random:index/randomPassword:RandomPassword":
        return {**inputs, "result": {SECRET_MARK: f"generated-{name}"}}
    if type_ == "random:index/randomBytes:RandomBytes":
        made = hashlib.shake_256(name.encode()).digest(inputs["length"])
        return {**inputs, "base64": {SECRET_MARK: base64.b64encode(made).decode()}, "hex": {SECRET_MARK: made.hex()}}
    if type_.startswith("tls:"):
        return {**inputs, **_CERTIFICATES[type_.rpartition(":")[2]](name)}
    if type_ == "random:index/randomId:RandomId":
        return {**inputs, "hex": digest[: 2 * inputs["byteLength"]]}
    return dict(inputs)
