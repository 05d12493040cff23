"""The packages the engine has a provider for. Each is imported when a program first uses it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.engine.providers.base import Provider

PACKAGES: dict[str, str] = {
    "random": "sandbox.engine.providers.random:RandomProvider",
    "tls": "sandbox.engine.providers.tls:TlsProvider",
    "docker": "sandbox.engine.providers.docker:DockerProvider",
    "kubernetes": "sandbox.engine.providers.kubernetes:KubernetesProvider",
}


def provider_class(package: str) -> type[Provider]:
    """The provider class of `package`. Raises KeyError when there is none."""
    module, _, name = PACKAGES[package].partition(":")
    found: type[Provider] = getattr(import_module(module), name)
    return found
