"""The plugin's own process, asked over its protocol, with the sandbox engine's monitor behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import errors_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.engine.checkpoint import Resource
from sandbox.engine.events import Reporter
from sandbox.engine.handles import Handles
from sandbox.engine.monitor import serving
from sandbox.engine.policy import Policies
from sandbox.engine.registrar import Registrar
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig, load_stack_config
from sandbox.engine.state import State
from sandbox.engine.wire import from_struct
from tests.stacks.fixtures import REPOSITORY

PACKAGE = "ha-platform"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ANSWER_SECONDS = 60


def secret_output(value: str) -> dict[str, Any]:
    """A secret output as an engine hands it to a component."""
    return {_SIGNATURE: _OUTPUT_VALUE, "value": value, "secret": True}


class Refused(Exception):
    """What the plugin answers when it does not construct a component."""


class Plugin:
    """One process of the plugin, during a preview. `registered` is what it registered so far, by URN."""

    def __init__(self, address: str, monitor: str, run: Run, config: StackConfig) -> None:
        self._stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(address))
        self._monitor = monitor
        self._run = run
        self._config = config

    @property
    def registered(self) -> dict[str, Resource]:
        return dict(self._run.registered)

    def names(self, type_: str) -> set[str]:
        """Names of the registered resources of a type."""
        return {urn.rpartition("::")[2] for urn, one in self.registered.items() if one.type == type_}

    def schema(self) -> dict[str, Any]:
        """The interface of the package."""
        answer = self._stub.GetSchema(provider_pb2.GetSchemaRequest(version=0), timeout=_ANSWER_SECONDS)
        found: dict[str, Any] = json.loads(answer.schema)
        return found

    def construct(
        self,
        kind: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        depends_on: tuple[str, ...] = (),
        protect: bool = False,
    ) -> tuple[str, dict[str, Any]]:
        """URN and outputs of a component that another program asks for. Raises Refused."""
        request = provider_pb2.ConstructRequest(
            project=self._config.project,
            stack=self._config.stack,
            dryRun=True,
            parallel=8,
            monitorEndpoint=self._monitor,
            type=f"{PACKAGE}:index:{kind}",
            name=name,
            inputs=json_format.ParseDict(dict(inputs), struct_pb2.Struct()),
            dependencies=depends_on,
            protect=protect,
            accepts_output_values=True,
        )
        try:
            answer = self._stub.Construct(request, timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            raise Refused(error.details() + _properties(error)) from None
        assert not self._run.failures, self._run.failures
        return answer.urn, from_struct(answer.state)


@contextmanager
def plugin(directory: Path, *, project: str = "shop") -> Iterator[Plugin]:
    """The process, for one preview of the stack `dev` of a project in `directory`."""
    (directory / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text("config: {}\n")
    config = load_stack_config(directory, "dev", None, _no_secrets)
    run = Run(config, State(directory / "state.json", _no_secrets), Reporter(), preview=True, parallel=8)
    registrar = Registrar(run, Handles(run, lenient=True), Policies(run, []))
    environment = {**os.environ, "DOCKER_HOST": f"unix://{directory}/no.sock", "GRPC_ENABLE_FORK_SUPPORT": "false"}
    environment.pop("PYTHONPATH", None)  # the plugin finds its modules by itself
    with serving(run, registrar) as monitor:
        # As the language host starts it: the folder of PulumiPlugin.yaml, then the engine's address.
        command = [sys.executable, "-u", str(REPOSITORY / "components"), monitor]
        process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdigit(), "the plugin says its port first"
            yield Plugin(f"127.0.0.1:{port}", monitor, run, config)
        finally:
            process.terminate()
            process.wait(timeout=_ANSWER_SECONDS)


def _properties(error: Any) -> str:
    """What is wrong with single properties, which engines show beside the resource."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if packed is None:
        return ""
    found = errors_pb2.InputPropertiesError()
    status_pb2.Status.FromString(packed).details[0].Unpack(found)
    return "; ".join(f"{one.property_path}: {one.reason}" for one in found.errors)


def _no_secrets(_: str) -> Any:
    raise AssertionError("these previews have no encrypted values")
