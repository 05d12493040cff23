"""The sandbox that a stack of sandbox images runs on: its hosts and its images."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.hosts import Hosts
from cli.progress import say, step
from cli.stack_file import StackFile


def start(stack: StackFile, hosts: Hosts) -> None:
    """Start the hosts and make the images; what is there is left alone."""
    with faults():
        from sandbox.hosts import preflight
        from sandbox.images import ensure_images, pins

        if not pins.is_fresh():
            raise CommandError(
                "settings/image_pins/sandbox.toml is older than the images' recipes; write it again by "
                "`.venv/bin/python -m sandbox.images pins`."
            )
        preflight.require()
        with step(f"  hosts: {hosts.description}"):
            _cluster(stack).up()
        with step("  images: all there"):
            ensure_images(say=lambda line: say(f"  image {line}"))


def runs(stack: StackFile) -> bool:
    """Whether the sandbox's host runs."""
    return bool(_host(stack).init())


def has_data(stack: StackFile) -> bool:
    """Whether the sandbox's host has a directory: it runs, or ran until the machine was restarted."""
    directory: Path = _host(stack).directory
    return directory.exists()


def remove(stack: StackFile) -> list[str]:
    """Remove the hosts with everything on them; returns what was removed."""
    with faults():
        removed: list[str] = _cluster(stack).down()
        return removed


def _host(stack: StackFile) -> Any:
    with faults():
        from sandbox.hosts.host import Host
        from sandbox.hosts.profiles import profile

        return Host(profile("kubernetes" if stack.platform == "kubernetes" else "dev"), 1)


def _cluster(stack: StackFile) -> Any:
    if stack.platform == "kubernetes":
        from sandbox.hosts.kubernetes import KubernetesCluster

        return KubernetesCluster("kubernetes")
    from sandbox.hosts.swarm import SwarmCluster

    return SwarmCluster("dev")


@contextmanager
def faults() -> Iterator[None]:
    """The sandbox's faults as this command's."""
    from sandbox.hosts.errors import HostError

    try:
        yield
    except HostError as error:
        raise CommandError("; ".join(str(error).splitlines())) from None
