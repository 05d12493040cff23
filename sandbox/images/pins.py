"""The sandbox's image pins (settings/image_pins/sandbox.toml), written from the recipes."""

import json

from sandbox.images.build import reference
from sandbox.images.recipe import REPOSITORY, Recipe, recipes

PATH = REPOSITORY / "settings/image_pins/sandbox.toml"
_HEAD = """\
# Written by `python -m sandbox.images pins` from sandbox/images/recipes and what they copy: do not edit.
# The tag is the hash of an image's recipe. Digests differ from build to build, since the package archives move: none is
# pinned, and the registry on loopback that serves these images is filled by the machine itself.
"""


def text() -> str:
    """What the file must hold."""
    return _HEAD + "".join(_entry(image) for image in recipes().values())


def is_fresh() -> bool:
    """Whether the file holds just that."""
    return PATH.exists() and PATH.read_text() == text()


def write() -> None:
    """Write the file."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text())


def _entry(image: Recipe) -> str:
    lines = [f"\n[{image.name}]", f'ref = "{reference(image.name)}"', "unverified = true"]
    lines += [f"uid = {image.uid}", f"gid = {image.gid}"]
    for name, value in (("data_dir", image.data_dir), ("bin_dir", image.bin_dir), ("http_probe", image.http_probe)):
        lines += [f'{name} = "{value}"'] if value else []
    lines += [f"major = {image.major}"] if image.major else []
    lines += ["pgbackrest = true"] if "pgbackrest" in image.debian else []
    lines += [f"extensions = [{', '.join(map(json.dumps, image.extensions))}]"] if image.extensions else []
    return "\n".join(lines) + "\n"
