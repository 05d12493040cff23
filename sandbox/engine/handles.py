"""The configured providers of a run: explicit ones of the program, and the default one of each package."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from typing import Any

from sandbox.engine.checkpoint import Resource
from sandbox.engine.errors import EngineError
from sandbox.engine.events import Op, Step
from sandbox.engine.goal import Goal
from sandbox.engine.providers import PACKAGES, provider_class
from sandbox.engine.providers.base import Provider, ProviderUnreachable
from sandbox.engine.run import Run
from sandbox.engine.urns import PROVIDER_PREFIX, make_urn, package_of, split_reference
from sandbox.engine.values import UNKNOWN, Properties, diff, has_unknown
from sandbox.engine.wire import UNKNOWN_TEXT


class Handle:
    """One configured provider. Its API is asked whether it answers once, before the first change."""

    def __init__(self, provider: Provider, package: str, run: Run, lenient: bool, configured: bool) -> None:
        self.provider = provider
        self._package = package
        self._run = run
        self._lenient = lenient
        self._lock = threading.Lock()
        self._online: bool | None = None if configured else False

    def check_type(self, type: str, name: str) -> None:
        """Raises EngineError for a type the provider does not know."""
        if type not in self.provider.types:
            raise EngineError(
                f"{type} {name!r}: the sandbox engine does not know this type of package {self._package!r}; "
                "use the Pulumi CLI"
            )

    def online(self) -> bool:
        """Whether the API answers. Raises ProviderUnreachable if not, save in a lenient preview."""
        with self._lock:
            if self._online is None:
                try:
                    self.provider.reachable()
                    self._online = True
                except ProviderUnreachable as error:
                    if not self._lenient:
                        raise
                    self._online = False
                    said = f"previewed without asking {self._package}"
                    if said not in self._run.warned:  # a program that asks by itself says what follows, too
                        self._run.reporter.message("warning", f"{said}: {error}")
            return self._online


class Handles:
    """Providers by reference. With `lenient`, a provider that cannot be reached is only a warning."""

    def __init__(self, run: Run, lenient: bool) -> None:
        self._run = run
        self._lenient = lenient
        self._lock = threading.RLock()
        self._handles: dict[str, Handle] = {}

    def check_package(self, package: str, what: str) -> None:
        """Raises EngineError for a package there is no provider for."""
        if package not in PACKAGES:
            raise EngineError(
                f"{what}: the sandbox engine has no provider for package {package!r} "
                f"(it has {', '.join(sorted(PACKAGES))}); use the Pulumi CLI"
            )

    def use(self, reference: str) -> Handle:
        """The provider that `reference` (`<urn>::<id>`) names, in this run or in the state."""
        urn, _ = split_reference(reference)
        with self._lock:
            if urn not in self._handles:
                resource = self._run.registered.get(urn) or self._run.state.live.get(urn)
                if resource is None:
                    raise EngineError(f"{reference}: no such provider in the program or the state")
                package = package_of(resource.type)
                self.check_package(package, urn)
                config = {key: value for key, value in resource.inputs.items() if key not in ("__internal", "version")}
                provider = provider_class(package)(config, self._run.reporter.message)
                known = not has_unknown(config)
                self._handles[urn] = Handle(provider, package, self._run, self._lenient, known)
            return self._handles[urn]

    def default(self, package: str, version: str, what: str) -> str:
        """The reference of the package's default provider, which is registered when first used."""
        self.check_package(package, what)
        with self._lock:
            config = self._run.config
            suffix = "_" + "".join("_" if char in ".-+" else char for char in version) if version else ""
            type = f"{PROVIDER_PREFIX}{package}"
            urn = make_urn(config.stack, config.project, "", type, f"default{suffix}")
            if urn not in self._run.registered:
                inputs = config.of_package(package)
                self._register(Resource(urn=urn, type=type, custom=True, inputs=inputs), version)
            return reference_of(self._run.registered[urn])

    def register(self, goal: Goal, **options: Any) -> Resource:
        """Registers a provider that the program configures."""
        self.check_package(package_of(goal.type), f"{goal.type} {goal.name!r}")
        resource = Resource(urn=goal.urn, type=goal.type, custom=True, inputs=goal.inputs, **options)
        with self._lock:
            return self._register(resource, goal.version)

    def _register(self, draft: Resource, version: str) -> Resource:
        run = self._run
        settings: Properties = {**draft.inputs, **({"version": version} if version else {})}
        old = run.state.live.get(draft.urn)
        id = old.id if old else UNKNOWN if run.preview else str(uuid.uuid4())
        resource = replace(draft, id=id, inputs={"__internal": {}, **settings}, outputs=settings)
        changes = diff({k: v for k, v in old.inputs.items() if k != "__internal"}, settings) if old else {}
        run.registered[draft.urn] = resource
        if not run.preview:
            run.state.note(resource)
        op: Op = "create" if old is None else "update" if changes else "same"
        run.finish(Step(op=op, urn=draft.urn, type=draft.type, old=old, new=resource, changes=changes))
        return resource


def reference_of(provider: Resource) -> str:
    """How resources name a provider."""
    return f"{provider.urn}::{UNKNOWN_TEXT if provider.id is UNKNOWN else provider.id}"
