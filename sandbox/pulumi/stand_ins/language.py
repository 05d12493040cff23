"""The Python language host: runs programs and policy packs for the CLI."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import distributions, version
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
from sandbox.pulumi.stand_ins.serving import serve

# ruff: noqa: ARG002 - the protocol fixes the arguments
# The program told its user what is wrong: `refuse` with 32, as with Pulumi's own host, the runner with 1.
_REPORTED = (1, 32)


class PythonHost(language_pb2_grpc.LanguageRuntimeServicer):
    """What the CLI asks of a language; anything else is answered with UNIMPLEMENTED."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=f"{version('pulumi')}+stand-in")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """As Pulumi's own host: every package that is installed, whether or not the program uses it."""
        return language_pb2.GetRequiredPackagesResponse(packages=_installed())

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        """Runs a program to its end. It gets SIGINT with this process: both are in the group that the CLI ends."""
        command = [sys.executable, "-u", "-m", "sandbox.engine.runner", "--address", request.monitor_address]
        command += ["--engine", self._engine, "--directory", request.info.program_directory]
        command += ["--project", request.project, "--stack", request.stack, "--parallel", str(request.parallel)]
        command += ["--organization", request.organization, *(["--preview"] if request.dryRun else [])]
        settings = {"values": dict(request.config), "secret_keys": list(request.configSecretKeys)}
        process = subprocess.Popen(command, cwd=request.pwd, stdin=subprocess.PIPE)
        with contextlib.suppress(BrokenPipeError):
            process.communicate(json.dumps(settings).encode())
        code = process.wait()
        if code == 0 or code in _REPORTED:
            return language_pb2.RunResponse(bail=code != 0)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Runs a policy pack until the CLI is done with it."""
        program = Path(request.info.program_directory) / "__main__.py"
        process = subprocess.Popen(
            [sys.executable, "-u", str(program), *request.args],
            cwd=request.pwd,
            env=dict(line.partition("=")[::2] for line in request.env) or dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(process.kill)
        said: queue.Queue[Any] = queue.Queue()
        assert process.stdout is not None
        assert process.stderr is not None
        streams = {"stdout": process.stdout, "stderr": process.stderr}
        for name, stream in streams.items():
            threading.Thread(target=_forward, args=(name, stream, said), daemon=True).start()
        left = len(streams)
        while left:
            answer = said.get()
            if answer is None:
                left -= 1
            else:
                yield answer
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _installed() -> Iterator[Any]:
    for distribution in distributions():
        for file in distribution.files or ():
            if file.name == "pulumi-plugin.json" and (said := json.loads(file.read_text())).get("resource"):
                yield plugin_pb2.PackageDependency(kind="resource", name=said["name"], version=said["version"])


def _forward(name: str, stream: IO[bytes], said: queue.Queue[Any]) -> None:
    for line in stream:
        answer = language_pb2.RunPluginResponse()
        setattr(answer, name, line)
        said.put(answer)
    said.put(None)


def serve_language(engine: str) -> int:
    """Serves until the CLI ends this process."""

    def add(server: grpc.Server) -> None:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(PythonHost(engine), server)

    return serve(add)
