"""The gRPC services the Pulumi SDK talks to: resource monitor and engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from sandbox.engine.errors import Aborted, EngineError
from sandbox.engine.goal import goal_from
from sandbox.engine.providers.base import ProviderError
from sandbox.engine.registrar import Registrar
from sandbox.engine.run import Run
from sandbox.engine.values import UNKNOWN
from sandbox.engine.wire import from_struct, to_struct

# What the SDK may use. It refuses by itself what is not listed: transforms, error hooks, parameterized packages.
FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
]
_MESSAGE_LIMIT = 400 * 1024 * 1024  # as the SDK sets it for its own channels
# A registration holds its thread until the operation is done; there must be more of them than operations at a time.
_THREADS = 128
_SEVERITIES = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
Answer = TypeVar("Answer")


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Serves one program. A failure ends the run and is told once; the program only hears that the monitor is gone,
    which the SDK reports in one line."""

    def __init__(self, run: Run, registrar: Registrar) -> None:
        self._run = run
        self._registrar = registrar

    def _serve(self, context: Any, urn: str, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except Aborted:
            pass
        except (EngineError, ProviderError) as error:
            self._run.fail(str(error), urn=urn)
        except Exception as error:
            self._run.fail(f"{type(error).__name__}: {error}", urn=urn)
        return _abort(context)

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - fixed by the protocol
        config = self._run.config
        return resource_pb2.DeploymentInfo(
            project=config.project,
            stack=config.stack,
            organization="organization",
            dryRun=self._run.preview,
            parallel=self._run.parallel,
            supportedFeatures=FEATURES,
        )

    def RegisterResource(self, request: Any, context: Any) -> Any:
        def work() -> Any:
            parent = self._run.registered.get(request.parent)
            config = self._run.config
            goal = goal_from(request, config.stack, config.project, parent.aliases if parent else ())
            resource = self._registrar.register(goal)
            outputs = resource.outputs if resource.custom else resource.inputs
            id = "" if resource.id is UNKNOWN else str(resource.id)
            return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=id, object=to_struct(outputs))

        return self._serve(context, request.name, work)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        def work() -> Any:
            self._registrar.register_outputs(request.urn, from_struct(request.outputs))
            return empty_pb2.Empty()

        return self._serve(context, request.urn, work)

    def RegisterResourceHook(self, request: Any, context: Any) -> Any:
        def work() -> Any:
            self._run.hooks.register(request)
            return empty_pb2.Empty()

        return self._serve(context, "", work)

    def _refuse(self, context: Any, what: str) -> NoReturn:
        self._run.fail(f"{what}: not supported by the sandbox engine; use the Pulumi CLI")
        _abort(context)

    def Invoke(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"the function {request.tok}")

    def Call(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"the method {request.tok}")

    def ReadResource(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"{request.type} {request.name!r}: reading a resource that is not the stack's (`get`)")

    def ExistsResource(self, request: Any, context: Any) -> Any:
        self._refuse(context, f"{request.type}: asking whether a resource exists")

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - fixed by the protocol
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """The SDK's log."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - fixed by the protocol
        severity = _SEVERITIES[request.severity]
        # After a failure the SDK only complains that the monitor is gone.
        if severity == "warning":
            self._run.warned.add(request.message.partition(":")[0])
        if severity != "error" or not self._run.ending:
            self._run.reporter.message(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - fixed by the protocol
        return engine_pb2.GetRootResourceResponse(urn="")

    def RequirePulumiVersion(self, request: Any, context: Any) -> Any:  # noqa: ARG002 - fixed by the protocol
        return engine_pb2.RequirePulumiVersionResponse()


def _abort(context: Any) -> NoReturn:
    context.abort(grpc.StatusCode.UNAVAILABLE, "the resource monitor has shut down")
    raise AssertionError("abort raises")


@contextmanager
def serving(run: Run, registrar: Registrar) -> Iterator[str]:
    """Serves both services on loopback; gives the address. Leaving waits for every operation at work: the program ends
    at its first failed registration, its other ones go on."""
    options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="monitor")
    server = grpc.server(threads, options=options)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(run, registrar), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(run), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
        threads.shutdown(wait=True)
