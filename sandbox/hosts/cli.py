"""The command line of the sandbox hosts."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Protocol

from sandbox.hosts.errors import HostError
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.profiles import PROFILES, profile
from sandbox.hosts.swarm import SwarmCluster


class Cluster(Protocol):
    """What the command line asks of a profile's cluster."""

    def up(self) -> object: ...
    def down(self) -> list[str]: ...
    def status(self) -> list[dict[str, str]]: ...


def main(argv: Sequence[str]) -> int:
    """Run one command; 1 after a HostError, whose sentence goes to standard error."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hosts", description="Throw-away hosts on this machine.")
    parser.add_argument("command", choices=("up", "down", "status", "kill", "heal"))
    parser.add_argument("profile", help=", ".join(PROFILES))
    parser.add_argument("host", nargs="?", help="kill and heal: host1, host2, ...")
    arguments = parser.parse_args(argv)
    try:
        return _run(arguments.command, arguments.profile, arguments.host)
    except HostError as error:
        print(error, file=sys.stderr)
        return 1


def _run(command: str, profile_name: str, host_name: str | None) -> int:
    started = time.monotonic()
    if command in ("kill", "heal"):
        if host_name is None:
            raise HostError(f"{command} needs a host: `python -m sandbox.hosts {command} {profile_name} host1`")
        hosts = Hosts(profile(profile_name))
        host = hosts.host(host_name)
        (hosts.cut if command == "kill" else hosts.heal)(host)
        print(f"{profile_name}/{host.name}: link {'cut' if command == 'kill' else 'up'}")
        return 0
    cluster = _cluster(profile_name)
    if command == "down":
        removed = cluster.down()
        print("\n".join(f"removed {what}" for what in removed) or f"{profile_name}: nothing to remove")
        return 0
    if command == "up":
        cluster.up()
        print(f"{profile_name} is up ({time.monotonic() - started:.1f} s)")
    for row in cluster.status():
        print("  ".join(f"{key}={value}" for key, value in row.items()))
    return 0


def _cluster(profile_name: str) -> Cluster:
    if profile(profile_name).kind == "swarm":
        return SwarmCluster(profile_name)
    from sandbox.hosts.kubernetes import KubernetesCluster  # what it imports is needed only here

    return KubernetesCluster(profile_name)
