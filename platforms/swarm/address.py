"""Which Docker API is meant where the person names one, or none."""

import os

NOWHERE = "ssh://nobody@offline.invalid"
"""For a provider that is to ask nobody. The one of the Pulumi CLI connects to any other address before the first
operation, whatever it is told; by SSH it does not. No host has this name (RFC 6761)."""
SOCKET = "unix:///var/run/docker.sock"
"""Docker's default."""


def named_host(host: str | None) -> str | None:
    """`host`, else the one that DOCKER_HOST names; None: nobody names one."""
    return host or os.environ.get("DOCKER_HOST") or None


def manager(host: str | None) -> str:
    """The address of the manager: `host` as in SwarmSettings."""
    return named_host(host) or SOCKET
