"""Which cluster the provider talks to: its arguments, else the environment, else the user's kubeconfig."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kubernetes
import yaml

from sandbox.engine.providers.base import ProviderError, ProviderUnreachable
from sandbox.engine.values import UNKNOWN, Properties, plain

_KNOWN = frozenset({"kubeconfig", "context", "namespace", "enableServerSideApply", "upsertExistingObjects"})
# These change nothing here: the engine gives no such warnings, always applies by force, and the rest is for the CLI.
_IGNORED = frozenset({"version", "pluginDownloadURL", "suppressDeprecationWarnings", "enablePatchForce"})
_POOL = 64


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """The arguments that choose a cluster, the namespace of objects that name none, and how objects are created."""

    kubeconfig: str | None
    context: str | None
    namespace: str | None
    adopts: bool = False
    """Whether a create takes over an object that is there."""

    @property
    def source(self) -> str:
        """Where the cluster's address comes from, for errors."""
        if self.kubeconfig is None:
            return "the default kubeconfig (KUBECONFIG or ~/.kube/config)"
        return "the stack's kubeconfig" if _is_content(self.kubeconfig) else f"kubeconfig {self.kubeconfig}"


def read_config(config: Properties) -> ClusterConfig:
    """The provider's arguments. Raises ProviderError for one that the sandbox engine does not know or that is unknown
    before the update."""
    given = {key: plain(value) for key, value in config.items() if value is not None}
    for key, value in given.items():
        if key not in _KNOWN | _IGNORED:
            raise ProviderError(
                f"kubernetes provider: the sandbox engine does not know the argument {key}; it takes "
                f"{', '.join(sorted(_KNOWN))}"
            )
        if value is UNKNOWN:
            raise ProviderError(f"kubernetes provider: {key} must be known before the update")
    if str(given.get("enableServerSideApply", "true")).lower() != "true":
        raise ProviderError("kubernetes provider: enableServerSideApply must be true; the sandbox engine has no other")
    return ClusterConfig(
        given.get("kubeconfig"),
        given.get("context"),
        given.get("namespace"),
        adopts=str(given.get("upsertExistingObjects", "false")).lower() == "true",
    )


def _is_content(kubeconfig: str) -> bool:
    return "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")


def api_client(config: ClusterConfig) -> Any:
    """A client with one connection pool. Raises ProviderUnreachable when the kubeconfig cannot be used."""
    settings = kubernetes.client.Configuration()
    settings.connection_pool_maxsize = _POOL
    # One attempt: a preview without a cluster must not wait, and what is safe to repeat is repeated by the caller.
    settings.retries = False
    try:
        _load(config, settings)
    except (kubernetes.config.ConfigException, yaml.YAMLError, OSError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ProviderUnreachable(
            f"no cluster can be read from {config.source} ({reason}): set KUBECONFIG, or the stack's kubeconfig and "
            "context, to a cluster that is there"
        ) from error
    return kubernetes.client.ApiClient(settings)


def _load(config: ClusterConfig, settings: Any) -> None:
    # The package's configuration loader has no annotations.
    loader: Any = kubernetes.config
    options = {"context": config.context, "client_configuration": settings}
    if config.kubeconfig is None:
        if not os.environ.get("KUBECONFIG") and "KUBERNETES_SERVICE_HOST" in os.environ:
            loader.load_incluster_config(client_configuration=settings)
        else:
            loader.load_kube_config(**options)
    elif _is_content(config.kubeconfig):
        loader.load_kube_config_from_dict(yaml.safe_load(config.kubeconfig), **options)
    else:
        path = Path(config.kubeconfig).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"no file {path}")
        loader.load_kube_config(config_file=str(path), **options)
