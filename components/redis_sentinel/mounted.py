"""The files that a Redis server and a Sentinel mount: configuration, start script, readiness check."""

from pathlib import Path
from typing import Literal

from components.scope import Scope
from components.templates import render
from model import File

FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-redis"


def mounted(scope: Scope, word: str, server: Literal["redis", "sentinel"], **values: object) -> tuple[File, ...]:
    """`<server>.conf` rendered with `values`, and the server's scripts."""
    texts = {
        "config": (f"{server}.conf", render(FILES, f"{server}.conf.j2", **values)),
        "start": ("start.sh", (FILES / f"{server}_start.sh").read_text()),
        "ready": ("ready.sh", (FILES / f"{server}_ready.sh").read_text()),
    }
    if server == "redis":
        texts["hand-over"] = ("hand_over.sh", (FILES / "redis_hand_over.sh").read_text())
    else:
        texts["fence"] = ("fence.sh", (FILES / "sentinel_fence.sh").read_text())
    return scope.config_files(word, DIRECTORY, texts)
