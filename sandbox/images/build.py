"""Build what is missing: nothing for images that the storage has, one base and a layer each for the others."""

import platform
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox.hosts import packages, preflight
from sandbox.hosts.lock import exclusive
from sandbox.hosts.profiles import cache_dir, registry_storage
from sandbox.hosts.registry import ADDRESS
from sandbox.images import archives, layers
from sandbox.images.recipe import Recipe, recipe, recipes, tag
from sandbox.images.storage import Blob, Storage

_PACKAGES = {"mmdebstrap": "mmdebstrap", "tar": "tar", "util-linux": "unshare"}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Say = Callable[[str], None]


def repository(name: str) -> str:
    """The image's repository in the registry."""
    return f"ha-platform/{name}"


def reference(name: str) -> str:
    """The image's full reference, as every sandbox host pulls it."""
    return f"{ADDRESS}/{repository(name)}:{tag(name)}"


def ensure_images(
    names: Iterable[str] | None = None, storage_root: Path | None = None, say: Say = lambda _: None
) -> dict[str, str]:
    """Build the named images (default: all) that the storage lacks; returns the reference of each name.

    Needs root, and the archives of Debian and PyPI only when something is missing.
    """
    wanted = list(recipes() if names is None else names)
    references = {name: reference(name) for name in wanted}
    storage = Storage(storage_root or registry_storage())
    if _missing(storage, wanted):
        # One builder at a time on this cache; the next one finds the images there.
        with exclusive(cache_dir()):
            _build(storage, _missing(storage, wanted), say)
    return references


def _missing(storage: Storage, wanted: Iterable[str]) -> list[str]:
    return [name for name in wanted if storage.digest(repository(name), tag(name)) is None]


def _build(storage: Storage, missing: list[str], say: Say) -> None:
    if not missing:
        return
    preflight.require()
    packages.ensure(_PACKAGES)
    needed = dict.fromkeys(layer for name in missing for layer in _line(name))
    build = cache_dir() / "build"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    try:
        base_root, base_blob = _base(storage, build, say)
        blobs = {"base": base_blob}
        _put(storage, recipe("base"), blobs)
        own = [recipe(name) for name in needed if name != "base" and recipe(name).has_content]
        debian = archives.Debian(base_root, build, sorted({image.suite for image in own if image.suite}))
        if any(image.debian for image in own):
            debian.update()

        def add(image: Recipe) -> Blob:
            started = time.monotonic()
            blob = storage.put_directory(layers.make_layer(image, base_root, build, debian))
            _put(storage, image, {**blobs, image.name: blob})
            say(f"{image.name}: {blob.size / 1e6:.0f} MB in {time.monotonic() - started:.1f} s")
            return blob

        with ThreadPoolExecutor(max_workers=2) as pool:
            blobs |= dict(zip((image.name for image in own), pool.map(add, own), strict=True))
    finally:
        shutil.rmtree(build)
    for name in needed:
        if not recipe(name).has_content:
            _put(storage, recipe(name), blobs)


def _base(storage: Storage, build: Path, say: Say) -> tuple[Path, Blob]:
    """The base file system, unpacked from the storage or made now, and its layer."""
    root = build / "base"
    root.mkdir()
    started = time.monotonic()
    digest = storage.digest(repository("base"), tag("base"))
    if manifest := storage.manifest(digest) if digest else None:
        stored = manifest["layers"][0]
        archives.unpack(storage.path(stored["digest"]), root)
        return root, Blob(stored["digest"], stored["size"])
    layers.make_base(recipe("base"), root, archives.sources(recipe("base").suite))
    blob = storage.put_directory(root)
    say(f"base: {blob.size / 1e6:.0f} MB in {time.monotonic() - started:.1f} s")
    return root, blob


def _put(storage: Storage, image: Recipe, blobs: dict[str, Blob]) -> None:
    stack = [blobs[name] for name in _line(image.name) if name in blobs]
    storage.put_image(repository(image.name), tag(image.name), _config(image, stack), stack)


def _config(image: Recipe, stack: list[Blob]) -> dict[str, Any]:
    """The image's configuration; what a variant leaves out it has from its parent."""
    line = [recipe(name) for name in _line(image.name)]
    environment = {"PATH": _PATH}
    for ancestor in line:
        environment |= ancestor.env
    command = next((ancestor.command for ancestor in reversed(line) if ancestor.command or ancestor.entrypoint), ())
    return {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "User": f"{image.uid}:{image.gid}",
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Entrypoint": list(image.entrypoint) or None,
            "Cmd": list(command) or None,
            "WorkingDir": image.workdir,
            "StopSignal": image.stop_signal,
        },
        "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob in stack]},
        "history": [{"created_by": f"sandbox/images {tag(image.name)}"} for _ in stack],
    }


def _line(name: str) -> list[str]:
    """The image's ancestors from the base on, and the image."""
    parent = recipe(name).parent
    return [*(_line(parent) if parent else ()), name]
