"""Policy packs, run as the Pulumi CLI runs them: one process a pack, asked over the analyzer protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from sandbox.engine import policy_config
from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Level, Violation
from sandbox.engine.processes import bound
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig
from sandbox.engine.urns import name_of, split_reference
from sandbox.engine.wire import to_struct

_LEVELS: dict[int, Level] = {0: "advisory", 1: "mandatory"}
_REMEDIATE = 3
_START_SECONDS = 30
_LONGEST_VARIABLE = 120_000  # Linux takes 128 KiB for one, with its name
_MESSAGE_LIMIT = 400 * 1024 * 1024  # as the SDK sets it for its own channels


class Pack:
    """One running policy pack."""

    def __init__(self, directory: Path, config: Path | None, stack: StackConfig, preview: bool) -> None:
        """Starts the pack for a stack, configured by the file `config`. Raises EngineError if it does not start,
        refuses its configuration, or wants to change resources."""
        given = policy_config.read(config) if config else {}
        program = directory / "__main__.py"
        if not (directory / "PulumiPolicy.yaml").exists() or not program.exists():
            raise EngineError(f"{directory}: not a policy pack: it needs PulumiPolicy.yaml and __main__.py")
        environment = {
            **os.environ,
            "PULUMI_PROJECT": stack.project,
            "PULUMI_STACK": stack.stack,
            "PULUMI_ORGANIZATION": "organization",
            "PULUMI_DRY_RUN": "true" if preview else "false",
        }
        settings = json.dumps(stack.values)
        if len(settings.encode()) < _LONGEST_VARIABLE:
            environment["PULUMI_CONFIG"] = settings
        # Unbuffered: a pack writes its port and does not flush. Its own session: Ctrl-C is for the engine.
        self._process = subprocess.Popen(
            bound([sys.executable, "-u", str(program)]),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port.isdigit():
            self.close()
            raise EngineError(f"{directory}: the policy pack did not start; its own messages say why")
        threading.Thread(target=_forward, args=(self._process.stdout,), daemon=True).start()
        options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{int(port)}", options=options)
        self._stub = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        self.info = self._stub.GetAnalyzerInfo(empty_pb2.Empty(), wait_for_ready=True, timeout=_START_SECONDS)
        try:
            self._configure(directory, given)
        except EngineError:
            self.close()
            raise

    def _configure(self, directory: Path, given: Mapping[str, Mapping[str, Any]]) -> None:
        request = policy_config.request(self.info, given)
        changing = [name for name, one in request.policyConfig.items() if one.enforcementLevel == _REMEDIATE]
        if changing:
            raise EngineError(
                f"{directory}: {', '.join(changing)}: the sandbox engine has no remediation; use the Pulumi CLI"
            )
        try:
            self._stub.Configure(request)
        except grpc.RpcError as error:
            raise EngineError(f"configuring policy pack {self.info.name!r}: {error.details()}") from None

    def analyze(self, request: Any) -> list[Any]:
        """The diagnostics for one resource."""
        return list(self._ask(self._stub.Analyze, request).diagnostics)

    def analyze_stack(self, resources: list[Any]) -> list[Any]:
        """The diagnostics for all resources together."""
        request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
        return list(self._ask(self._stub.AnalyzeStack, request).diagnostics)

    def _ask(self, method: Callable[[Any], Any], request: Any) -> Any:
        try:
            return method(request)
        except grpc.RpcError as error:
            raise EngineError(f"policy pack {self.info.name!r}: a policy failed: {error.details()}") from None

    def close(self) -> None:
        """Ends the pack's process."""
        if hasattr(self, "_channel"):
            self._channel.close()
        self._process.kill()
        self._process.wait()


def _forward(stream: IO[bytes]) -> None:
    for line in stream:
        sys.stderr.write(line.decode(errors="replace"))


class Policies:
    """The packs of one run; what they find is told to the run."""

    def __init__(self, run: Run, packs: list[Pack]) -> None:
        self._run = run
        self._packs = packs

    def judge(self, draft: Resource) -> None:
        """Asks the packs about one resource. In an update, raises EngineError on a mandatory violation."""
        request = self._request(draft)
        stopped = [self._report(pack, pack.analyze(request), draft.urn) for pack in self._packs]
        if any(stopped) and not self._run.preview:
            raise EngineError(f"{draft.type} {name_of(draft.urn)!r}: stopped by a mandatory policy")

    def judge_stack(self) -> None:
        """Asks the packs about all registered resources together."""
        if not self._packs:
            return
        resources = [self._whole(resource) for resource in self._run.registered.values()]
        for pack in self._packs:
            self._report(pack, pack.analyze_stack(resources), "")

    def _report(self, pack: Pack, diagnostics: Iterable[Any], urn: str) -> bool:
        stopped = False
        for found in diagnostics:
            if found.enforcementLevel in _LEVELS:
                level = _LEVELS[found.enforcementLevel]
                stopped |= level == "mandatory"
                self._tell(level, pack, found.policyName, found.urn or urn, found.message)
        return stopped

    def _tell(self, level: Level, pack: Pack, policy: str, urn: str, message: str) -> None:
        self._run.violated(Violation(level=level, pack=pack.info.name, policy=policy, urn=urn, message=message.strip()))

    def _request(self, resource: Resource) -> Any:
        return analyzer_pb2.AnalyzeRequest(
            type=resource.type,
            urn=resource.urn,
            name=name_of(resource.urn),
            properties=to_struct(resource.inputs),
            options=_options(resource),
            provider=self._provider(resource),
        )

    def _whole(self, resource: Resource) -> Any:
        message = analyzer_pb2.AnalyzerResource(
            type=resource.type,
            urn=resource.urn,
            name=name_of(resource.urn),
            properties=to_struct(resource.outputs or resource.inputs),
            options=_options(resource),
            provider=self._provider(resource),
            parent=resource.parent,
            dependencies=resource.dependencies,
        )
        for key, urns in resource.property_dependencies.items():
            message.propertyDependencies[key].urns.extend(urns)
        return message

    def _provider(self, resource: Resource) -> Any:
        provider = self._run.registered.get(split_reference(resource.provider)[0])
        if provider is None:
            return None
        return analyzer_pb2.AnalyzerProviderResource(
            type=provider.type,
            urn=provider.urn,
            name=name_of(provider.urn),
            properties=to_struct(provider.inputs),
        )


def _options(resource: Resource) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=resource.protect,
        ignoreChanges=resource.ignore_changes,
        additionalSecretOutputs=resource.additional_secret_outputs,
        aliases=resource.aliases,
        parent=resource.parent,
    )
