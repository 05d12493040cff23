"""Resource hooks: functions of the program that run before a resource is updated, and can refuse the update."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Reporter
from sandbox.engine.urns import name_of
from sandbox.engine.wire import to_struct


@dataclass(frozen=True, slots=True)
class _Hook:
    target: str
    token: str
    on_dry_run: bool
    ignore_errors: bool


class Hooks:
    """The hooks that a program registered, by name. The program serves the calls itself."""

    def __init__(self, reporter: Reporter, *, preview: bool) -> None:
        self._reporter = reporter
        self._preview = preview
        self._lock = threading.Lock()
        self._hooks: dict[str, _Hook] = {}

    def register(self, request: Any) -> None:
        """Takes a `RegisterResourceHookRequest`. Raises EngineError where the name is taken."""
        with self._lock:
            if request.name in self._hooks:
                raise EngineError(f"the hook {request.name!r} is registered twice: give one of them another name")
            self._hooks[request.name] = _Hook(
                request.callback.target, request.callback.token, request.on_dry_run, request.ignore_errors
            )

    def before_update(self, names: tuple[str, ...], old: Resource, new: Resource) -> None:
        """Calls the hooks of a resource that is about to change from `old` to `new`; in a preview only those that
        wish it. Raises EngineError with the words of a hook that failed: the resource must stay as it is."""
        request = resource_pb2.ResourceHookRequest(
            urn=new.urn,
            id=str(old.id),
            name=name_of(new.urn),
            type=new.type,
            old_inputs=to_struct(old.inputs),
            new_inputs=to_struct(new.inputs),
            old_outputs=to_struct(old.outputs),
        )
        for name in names:
            hook = self._hooks.get(name)
            if hook is None:
                raise EngineError(f"{new.type} {request.name!r}: the hook {name!r} is not registered")
            if self._preview and not hook.on_dry_run:
                continue
            if error := _call(hook, request):
                if not hook.ignore_errors:
                    raise EngineError(error)
                self._reporter.message("warning", error, new.urn)


def _call(hook: _Hook, request: Any) -> str:
    """What the hook failed with; empty where it did not."""
    call = callback_pb2.CallbackInvokeRequest(token=hook.token, request=request.SerializeToString())
    try:
        with grpc.insecure_channel(hook.target) as channel:
            answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(call)
    except grpc.RpcError as failure:
        raise EngineError(f"the program does not answer its hook: {failure.details()}") from None
    error: str = resource_pb2.ResourceHookResponse.FromString(answer.response).error
    return error
