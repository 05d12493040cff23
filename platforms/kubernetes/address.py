"""Where the kubeconfig says that the API server is, and whether anything listens there.

The Kubernetes provider of the Pulumi CLI goes on without a cluster and does not say so: a preview then shows what the
program wants, as if the cluster were empty and refused nothing.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

from platforms import unasked
from platforms.kubernetes.settings import KubernetesSettings

_SECONDS = 3.0


def warn_unless_it_answers(settings: KubernetesSettings) -> None:
    """For a preview."""
    if why := unanswered(settings):
        unasked.warn(
            "kubernetes",
            why,
            "Nothing was compared with a cluster: what is there already, and what the cluster would refuse, is not "
            "shown. `up` needs it: start it, or set KUBECONFIG, or the stack's kubeconfig and context",
        )


def unanswered(settings: KubernetesSettings) -> str | None:
    """Why no API server answers; None: one does, or only the provider can tell (inside a pod, behind a proxy)."""
    if not settings.kubeconfig and "\n" in os.environ.get("KUBECONFIG", ""):
        return None  # the provider also takes what a file would hold
    files = [Path(settings.kubeconfig)] if settings.kubeconfig else _default_files()
    documents = [*_read(files)]
    if not documents:
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            return None
        return f"no kubeconfig can be read from {', '.join(map(str, files))}"
    context = settings.context or next((found for one in documents if (found := one.get("current-context"))), None)
    if context is None:
        return f"{', '.join(map(str, files))} has no current context"
    cluster = _named(documents, "clusters", _named(documents, "contexts", context, "context").get("cluster"), "cluster")
    server = urlsplit(str(cluster.get("server") or ""))
    if not server.hostname:
        return f"{', '.join(map(str, files))} has no cluster for the context {context}"
    if cluster.get("proxy-url") or (server.scheme in getproxies() and not proxy_bypass(server.hostname)):
        return None
    try:
        port = server.port or {"http": 80}.get(server.scheme, 443)
        socket.create_connection((server.hostname, port), timeout=_SECONDS).close()
    except (OSError, ValueError) as error:
        return f"the API server {server.netloc} of the context {context} does not answer " + (
            f"({unasked.reason(error, _SECONDS)})"
        )
    return None


def _default_files() -> list[Path]:
    named = os.environ.get("KUBECONFIG") or "~/.kube/config"
    return [Path(path).expanduser() for path in named.split(os.pathsep) if path]


def _read(files: list[Path]) -> Iterator[Mapping[str, Any]]:
    for file in files:
        try:
            document = yaml.safe_load(file.read_text())
        except (OSError, ValueError, yaml.YAMLError):
            continue  # the provider says what is wrong with it
        if isinstance(document, Mapping):
            yield document


def _named(documents: list[Mapping[str, Any]], kind: str, name: object, key: str) -> Mapping[str, Any]:
    """The first entry of that name, as kubectl merges files; empty where there is none."""
    for document in documents:
        for one in document.get(kind) or ():
            if isinstance(one, Mapping) and one.get("name") == name and isinstance(one.get(key), Mapping):
                found: Mapping[str, Any] = one[key]
                return found
    return {}
