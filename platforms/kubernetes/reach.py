"""Whether the cluster answers: a preview without it says what it is worth.

The provider goes on without a cluster in a preview, and shows everything as new without a word.
"""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pulumi
import yaml

from platforms.kubernetes.settings import KubernetesSettings

_SECONDS = 5.0
"""For an API server that does not answer; a connection alone takes a round trip."""
_PORTS = {"https": 443, "http": 80}


def say_if_unreachable(settings: KubernetesSettings) -> None:
    """In a preview, a warning when no API server can be connected to. An `up` is stopped by the provider itself."""
    if pulumi.runtime.is_dry_run() and (reason := _unreachable(settings)):
        pulumi.log.warn(
            f"platform: {reason}. This preview compares with what was recorded alone, and cannot say what the cluster "
            "would refuse; `up` needs the cluster"
        )


def _unreachable(settings: KubernetesSettings) -> str:
    """Why no API server answers; empty where one does, or where that cannot be told from here."""
    named = settings.kubeconfig or os.environ.get("KUBECONFIG")
    files = [Path(part).expanduser() for part in named.split(os.pathsep) if part] if named else [_default()]
    documents = [document for file in files if (document := _read(file))]
    if not documents:
        inside = "KUBERNETES_SERVICE_HOST" in os.environ
        return "" if inside else f"there is no kubeconfig at {named or files[0]}; set KUBECONFIG or platform.kubeconfig"
    context = settings.context or next((one["current-context"] for one in documents if one.get("current-context")), "")
    cluster = _named(documents, "cluster", str(_named(documents, "context", context).get("cluster", "")))
    url = urlsplit(str(cluster.get("server", "")))
    if not url.hostname:
        return f"{named or files[0]} has no cluster for the context {context or '(none is current)'}"
    if "proxy-url" in cluster or (url.scheme in getproxies() and not proxy_bypass(url.hostname)):
        return ""
    try:
        socket.create_connection((url.hostname, url.port or _PORTS.get(url.scheme, 443)), _SECONDS).close()
    except OSError as error:
        return f"the API server {url.geturl()} of the context {context} does not answer ({error.strerror or error})"
    return ""


def _default() -> Path:
    return Path.home() / ".kube" / "config"


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def _named(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """The first `cluster` or `context` of this name, as kubectl merges files."""
    entries = [one for document in documents for one in document.get(f"{kind}s") or []]
    return next((one.get(kind) or {} for one in entries if one.get("name") == name), {})
