"""Logins at registries, which the daemon gives to the nodes that pull an image."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.values import UNKNOWN, Properties, plain

Logins = Mapping[str, Mapping[str, str]]
"""By the registry's host."""

_DOCKER_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


def logins_of(config: Properties) -> Logins:
    """The provider's `registryAuth`, which arrives as JSON. Raises ProviderError for what this engine does not take."""
    given = plain(config.get("registryAuth"))
    if given is None:
        return {}
    if given is UNKNOWN or UNKNOWN in (entries := json.loads(given) if isinstance(given, str) else given):
        raise ProviderError("docker provider: registryAuth must be known before the update")
    for entry in entries:
        if unknown := entry.keys() - {"address", "username", "password"}:
            raise ProviderError(f"docker provider: registryAuth: the sandbox engine does not know {sorted(unknown)[0]}")
    return {entry["address"]: entry for entry in entries}


def headers(logins: Logins, image: str) -> dict[str, str]:
    """The header that goes with a service of `image`: the login is the one of the host before its first `/`."""
    host = image.partition("/")[0] if "/" in image else ""
    same = _DOCKER_HUB if host in _DOCKER_HUB else {host}
    login = next((login for address, login in logins.items() if address in same), None)
    if login is None:
        return {}
    said = {"username": login["username"], "password": login["password"], "serveraddress": login["address"]}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(said).encode()).decode()}
