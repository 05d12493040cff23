"""The files that a Redis server and a Sentinel both mount: configuration, start script, readiness check."""

from pathlib import Path
from typing import Literal

import pulumi

from components.config_files import config_files
from components.templates import render
from model import File
from platforms.base import Platform

FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-redis"


def mounted(
    word: str,
    server: Literal["redis", "sentinel"],
    *,
    platform: Platform,
    parent: pulumi.Resource,
    **values: object,
) -> tuple[File, ...]:
    """`<server>.conf` rendered with `values`, and the server's two scripts."""
    texts = {
        "config": (f"{server}.conf", render(FILES, f"{server}.conf.j2", **values)),
        "start": ("start.sh", (FILES / f"{server}_start.sh").read_text()),
        "ready": ("ready.sh", (FILES / f"{server}_ready.sh").read_text()),
    }
    return config_files(word, DIRECTORY, texts, platform=platform, parent=parent)
