"""The sandboxes that exist: how many hosts, on which network, in which directory."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.hosts.errors import HostError


def sandbox_dir() -> Path:
    """The directory of everything that runs: HA_SANDBOX, default `/var/lib/ha-platform-sandbox`."""
    return Path(os.environ.get("HA_SANDBOX", "/var/lib/ha-platform-sandbox"))


def cache_dir() -> Path:
    """The directory of what is built once and reused: HA_CACHE, default `~/.cache/ha-platform`."""
    return Path(os.environ.get("HA_CACHE", "~/.cache/ha-platform")).expanduser()


def registry_storage() -> Path:
    """The blobs and tags that every host's registry serves; images are written straight into it."""
    return cache_dir() / "registry"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One sandbox: `host_count` hosts on the /24 network that starts with `prefix`."""

    name: str
    kind: Literal["swarm", "kubernetes"]
    prefix: str
    host_count: int

    @property
    def directory(self) -> Path:
        return sandbox_dir() / self.name

    @property
    def link(self) -> str:
        """The machine's interface on the profile's network (at most 15 characters)."""
        return f"ha-{self.name}"

    @property
    def machine_address(self) -> str:
        return f"{self.prefix}.1"

    @property
    def cgroup(self) -> str:
        """The parent of all its containers' control groups."""
        return f"/ha-platform-{self.name}"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(name="dev", kind="swarm", prefix="10.77.0", host_count=1),
        Profile(name="swarm3", kind="swarm", prefix="10.78.0", host_count=3),
        Profile(name="kubernetes", kind="kubernetes", prefix="10.79.0", host_count=3),
    )
}


def profile(name: str) -> Profile:
    """The profile called `name`; HostError when there is none."""
    if name not in PROFILES:
        raise HostError(f"profile '{name}' does not exist; use one of {', '.join(PROFILES)}")
    return PROFILES[name]
