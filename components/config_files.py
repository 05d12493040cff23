"""Several configuration files of one word, mounted in one directory."""

from collections.abc import Mapping

import pulumi

from model import ConfigFile, File
from platforms.base import Platform


def config_files(
    word: str, directory: str, texts: Mapping[str, tuple[str, str]], *, platform: Platform, parent: pulumi.Resource
) -> tuple[File, ...]:
    """`texts`: suffix of the resource's name -> path under `directory`, and the text."""
    return tuple(
        File(
            path=f"{directory}/{path}",
            source=platform.config_file(ConfigFile(name=f"{word}-{suffix}", text=text), parent=parent),
        )
        for suffix, (path, text) in texts.items()
    )
