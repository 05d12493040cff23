"""The files that a Redis server and a Sentinel mount, and the variables of their scripts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.tls import CA_FILE, IDENTITY_FILE
from components.templates import render
from model import File

FILES = Path(__file__).parent / "files"
DIRECTORY = "/etc/ha-redis"
_SCRIPTS: Mapping[str, Mapping[str, str]] = {
    "redis": {
        "start": "redis_start.sh",
        "masters": "redis_masters.sh",
        "watch": "redis_watch.sh",
        "ready": "redis_ready.sh",
        "hand-over": "redis_hand_over.sh",
    },
    "sentinel": {
        "start": "sentinel_start.sh",
        "masters": "redis_masters.sh",
        "watch": "sentinel_watch.sh",
        "ready": "sentinel_ready.sh",
        "fence": "sentinel_fence.sh",
    },
}
"""Suffix of the resource's name -> file; mounted as the suffix with `_` for `-`."""
_LOCKED = f". {DIRECTORY}/masters.sh\n"
"""Where the start script of a server has its volume alone, and the server does not run yet."""


def mounted(group: ReplicationGroup, server: Literal["redis", "sentinel"], **values: object) -> tuple[File, ...]:
    """`<server>.conf` rendered with `values`, the server's scripts, and its certificate."""
    encrypted = group.certificates is not None
    values |= {"tls": encrypted, "directory": DIRECTORY, "identity_file": IDENTITY_FILE, "ca_file": CA_FILE}
    texts = {"config": (f"{server}.conf", render(FILES, f"{server}.conf.j2", **values))}
    for suffix, file in _SCRIPTS[server].items():
        first = (FILES / "encrypted.sh").read_text() if encrypted and suffix == "start" else ""
        texts[suffix] = (f"{suffix.replace('-', '_')}.sh", first + (FILES / file).read_text())
    if server == "redis" and group.secrets.rotation_password is not None:
        path, text = texts["start"]
        before, begins, after = text.partition(_LOCKED)
        assert begins, "users are made ready under the volume's lock, before the server starts"
        texts["start"] = (path, f"{before}{begins}. {DIRECTORY}/users.sh\n{after}")
        texts["own-users"] = ("users.sh", (FILES / "users.sh").read_text())
    files = group.scope.config_files(f"{group.name}-{server}", DIRECTORY, texts)
    return files + (group.certificates.files(DIRECTORY) if group.certificates else ())


def script_env(group: ReplicationGroup) -> dict[str, str]:
    """Variables that the scripts of servers and Sentinels share."""
    return {
        "HA_VOLUME": group.image.data_dir,
        "HA_HOST": "$(MEMBER_HOST)",
        "HA_PEERS": " ".join(group.server_hosts),
        "HA_SENTINELS": " ".join(group.sentinel_hosts),
        "HA_MASTER": group.settings.master_name,
        "HA_CLI": cli(group),
    }


def cli(group: ReplicationGroup) -> str:
    """`HA_CLI`, how scripts ask a server or a Sentinel: no variable of redis-cli's own says that all is encrypted."""
    return "redis-cli" + (f" --tls --cacert {DIRECTORY}/{CA_FILE}" if group.certificates else "")
