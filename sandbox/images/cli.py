"""The command line of the sandbox images."""

import argparse
import sys
import time
from collections.abc import Sequence

from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import registry_storage
from sandbox.images import pins
from sandbox.images.build import ensure_images, reference, repository
from sandbox.images.recipe import recipes, tag
from sandbox.images.storage import Storage


def main(argv: Sequence[str]) -> int:
    """Run one command; 1 after a HostError, whose sentence goes to standard error."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.images", description="Images for the sandbox hosts.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build what is missing").add_argument("name", nargs="*")
    commands.add_parser("list", help="every image, its reference, and whether it is built")
    commands.add_parser("pins", help=f"write {pins.PATH.name}").add_argument("--check", action="store_true")
    commands.add_parser("prune", help="remove images of former recipes from the cache")
    arguments = parser.parse_args(argv)
    try:
        return {"build": _build, "list": _list, "pins": _pins, "prune": _prune}[arguments.command](arguments)
    except HostError as error:
        print(error, file=sys.stderr)
        return 1


def _build(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    built = ensure_images(arguments.name or None, say=lambda line: print(line, flush=True))
    print(f"{len(built)} images are there ({time.monotonic() - started:.1f} s)")
    return 0


def _list(_: argparse.Namespace) -> int:
    storage = Storage(registry_storage())
    for name in recipes():
        built = storage.digest(repository(name), tag(name))
        print(f"{reference(name)}  {built or 'not built'}")
    return 0


def _prune(_: argparse.Namespace) -> int:
    freed = Storage(registry_storage()).prune({(repository(name), tag(name)) for name in recipes()})
    print(f"{freed / 1e6:.0f} MB freed")
    return 0


def _pins(arguments: argparse.Namespace) -> int:
    if pins.is_fresh():
        return 0
    if arguments.check:
        raise HostError(f"{pins.PATH} is not what the recipes say; run `python -m sandbox.images pins` and commit it")
    pins.write()
    print(f"wrote {pins.PATH}")
    return 0
