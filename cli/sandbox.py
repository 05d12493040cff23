"""The sandbox that a stack of sandbox images runs on: its hosts and its images."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.operations import Operations
from cli.progress import say, step
from cli.state import made, state_directory


def start(on: Operations) -> None:
    """Start the hosts and make the images; what is there is left alone."""
    with faults():
        from sandbox.hosts import preflight
        from sandbox.images import ensure_images, pins

        if not pins.is_fresh():
            raise CommandError(
                "settings/image_pins/sandbox.toml is older than the images' recipes; write it again with "
                "`.venv/bin/python -m sandbox.images pins`."
            )
        preflight.require()
        with ThreadPoolExecutor(max_workers=1) as pool:
            images = pool.submit(ensure_images, say=lambda line: say(f"  image {line}"))
            with step(f"  hosts: {on.hosts.description}"):
                on.cluster().up()
            with step("  images: all there"):
                images.result()


def runs(on: Operations) -> bool:
    """Whether the sandbox's host runs."""
    return bool(_host(on).init())


def has_data(on: Operations) -> bool:
    """Whether the sandbox's host has a directory: it runs, or ran until the machine was restarted."""
    directory: Path = _host(on).directory
    return directory.exists()


def remove(on: Operations) -> list[str]:
    """Remove the hosts with everything on them; returns what was removed."""
    with faults():
        removed: list[str] = on.cluster().down()
        return removed


def throw_away(on: Operations, forget: Callable[[], None]) -> list[str]:
    """Empty the stack's state, and remove the hosts with everything on them; returns what was removed. Where this is
    killed between the two, the next `down` sees a mark, and knows that what still runs is this stack's."""
    made(_mark(on).parent)
    _mark(on).touch()
    try:
        forget()
    except CommandError:
        stays(on)
        raise
    removed = remove(on)
    stays(on)
    return removed


def goes(on: Operations) -> bool:
    """Whether the stack was about to go with its hosts."""
    return on.hosts.sandbox and _mark(on).exists()


def stays(on: Operations) -> None:
    """It is not, or not any more."""
    _mark(on).unlink(missing_ok=True)


def _mark(on: Operations) -> Path:
    return state_directory() / f"{on.stack.name}.going"


def _host(on: Operations) -> Any:
    with faults():
        from sandbox.hosts.host import Host
        from sandbox.hosts.profiles import profile

        return Host(profile(on.profile), 1)


@contextmanager
def faults() -> Iterator[None]:
    """The sandbox's faults as this command's."""
    from sandbox.hosts.errors import HostError

    try:
        yield
    except HostError as error:
        raise CommandError("; ".join(str(error).splitlines())) from None
