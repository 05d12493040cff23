"""Policy packs, run as the Pulumi CLI runs them: one process a pack, asked over the analyzer protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Level, Violation
from sandbox.engine.processes import bound
from sandbox.engine.run import Run
from sandbox.engine.stack_config import StackConfig
from sandbox.engine.urns import name_of, split_reference
from sandbox.engine.wire import from_struct, to_struct

_LEVELS: dict[int, Level] = {0: "advisory", 1: "mandatory", 3: "remediate"}
_CODES = {"advisory": 0, "mandatory": 1, "disabled": 2, "remediate": 3}
_START_SECONDS = 30
_LONGEST_VARIABLE = 120_000  # Linux takes 128 KiB for one, with its name
_MESSAGE_LIMIT = 400 * 1024 * 1024  # as the SDK sets it for its own channels


class Pack:
    """One running policy pack."""

    def __init__(self, directory: Path, stack: StackConfig, preview: bool, config: Mapping[str, Any]) -> None:
        """Starts the pack for a stack. Raises EngineError if it does not start or `config` names a policy it lacks."""
        self._directory = directory
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
        if config:
            self._configure(config)

    def _configure(self, config: Mapping[str, Any]) -> None:
        known = {policy.name for policy in self.info.policies}
        everything = config.get("all")
        chosen = {**(dict.fromkeys(known, everything) if everything else {}), **config}
        chosen.pop("all", None)
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for name, value in chosen.items():
            if name not in known:
                raise EngineError(
                    f"{self._directory}: policy config: {name!r} is not a policy of pack {self.info.name!r}"
                )
            properties = dict(value) if isinstance(value, dict) else {"enforcementLevel": value}
            level = properties.pop("enforcementLevel", None)
            if level is None:
                level = next(p for p in self.info.policies if p.name == name).enforcementLevel
            elif level not in _CODES:
                raise EngineError(
                    f"{self._directory}: policy config: {name}: enforcement level {level!r} is none of "
                    f"{', '.join(_CODES)}"
                )
            entry = request.policyConfig[name]
            entry.enforcementLevel = _CODES.get(level, level) if isinstance(level, str) else level
            entry.properties.CopyFrom(to_struct(properties))
        self._stub.Configure(request)

    def remediate(self, request: Any) -> list[Any]:
        """The remediations for one resource."""
        return list(self._ask(self._stub.Remediate, request).remediations)

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


def load_policy_config(files: list[Path], packs: int) -> list[Mapping[str, Any]]:
    """One config a pack: the n-th file is for the n-th pack, as with the CLI; a single file serves all."""
    if files and len(files) not in (1, packs):
        raise EngineError(
            f"{len(files)} policy config files for {packs} policy packs: give one for each, or one for all"
        )
    configs: list[Mapping[str, Any]] = []
    for file in files:
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EngineError(f"{file}: cannot be read as policy config: {error}") from None
        if not isinstance(document, dict):
            raise EngineError(f"{file}: policy config: expected an object of policies")
        configs.append(document)
    return configs * packs if len(configs) == 1 else configs or [{}] * packs


Tell = Callable[[Level, Pack, str, str, str], None]


class Policies:
    """The packs of one run; what they find is told to the run."""

    def __init__(self, run: Run, packs: list[Pack]) -> None:
        self._run = run
        self._packs = packs

    def judge(self, draft: Resource) -> Resource:
        """`draft` as the packs' remediations leave it. In an update, raises EngineError on a mandatory violation."""
        draft = self.remediate(draft, self._tell)
        request = self._request(draft)
        stopped = [self._report(pack, pack.analyze(request), draft.urn) for pack in self._packs]
        if any(stopped) and not self._run.preview:
            raise EngineError(f"{draft.type} {name_of(draft.urn)!r}: stopped by a mandatory policy")
        return draft

    def remediate(self, draft: Resource, tell: Tell) -> Resource:
        """`draft` as the packs' remediations leave it, each told to `tell`."""
        for pack in self._packs:
            for found in pack.remediate(self._request(draft)):
                if found.HasField("properties"):
                    draft = replace(draft, inputs=from_struct(found.properties))
                    tell("remediate", pack, found.policyName, draft.urn, found.description)
                elif found.diagnostic:
                    tell("advisory", pack, found.policyName, draft.urn, found.diagnostic)
        return draft

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
