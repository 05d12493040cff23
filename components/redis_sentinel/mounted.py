"""The files that a Redis server and a Sentinel mount: configuration, start script, readiness check."""

from pathlib import Path
from typing import Literal

from components.redis_sentinel.tls import CA_FILE, IDENTITY_FILE, Certificates
from components.scope import Scope
from components.templates import render
from model import File

FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-redis"


def mounted(
    scope: Scope,
    word: str,
    server: Literal["redis", "sentinel"],
    *,
    certificates: Certificates | None,
    **values: object,
) -> tuple[File, ...]:
    """`<server>.conf` rendered with `values`, the server's scripts, and its certificate."""
    encrypted = certificates is not None
    values |= {"tls": encrypted, "directory": DIRECTORY, "identity_file": IDENTITY_FILE, "ca_file": CA_FILE}
    scripts = {"start": (f"{server}_start.sh", "start.sh"), "ready": (f"{server}_ready.sh", "ready.sh")}
    if server == "redis":
        scripts["hand-over"] = ("redis_hand_over.sh", "hand_over.sh")
    else:
        scripts["fence"] = ("sentinel_fence.sh", "fence.sh")
    texts = {"config": (f"{server}.conf", render(FILES, f"{server}.conf.j2", **values))} | {
        suffix: (path, _script(file, encrypted=encrypted)) for suffix, (file, path) in scripts.items()
    }
    files = scope.config_files(word, DIRECTORY, texts)
    return files + (certificates.files(DIRECTORY) if certificates else ())


def _script(file: str, *, encrypted: bool) -> str:
    """Where all is encrypted, redis-cli has to be told so each time: no variable says it."""
    text = (FILES / file).read_text()
    if not encrypted:
        return text
    text = text.replace("redis-cli ", f"redis-cli --tls --cacert {DIRECTORY}/{CA_FILE} ")
    if file.endswith("_start.sh"):
        text = (FILES / "encrypted.sh").read_text() + text
    return text
