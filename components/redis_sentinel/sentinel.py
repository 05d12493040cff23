"""The Sentinels."""

from pathlib import Path

import pulumi

from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.store_image import StoreImage
from components.templates import render
from model import (
    ConfigFile,
    ConfigRef,
    Container,
    Endpoint,
    ExecCheck,
    File,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    TcpCheck,
    Tier,
    Volume,
)
from platforms.base import Platform

_FILES = Path(__file__).parent / "files"
_DIRECTORY = "/etc/ha-redis"
_MIB = 2**20


def sentinel(
    name: str,
    settings: RedisSettings,
    *,
    platform: Platform,
    image: StoreImage,
    secrets: RedisSecrets,
    master_name: str,
    redis: Endpoint,
    origin: str,
    first_host: int,
    parent: pulumi.Resource,
) -> Endpoint:
    """As many Sentinels as Redis servers; a majority must agree that the master is down."""
    word = f"{name}-sentinel"

    def config(suffix: str, text: str) -> ConfigRef:
        return platform.config_file(ConfigFile(name=f"{word}-{suffix}", text=text), parent=parent)

    text = render(
        _FILES,
        "sentinel.conf.j2",
        volume=image.data_dir,
        master_name=master_name,
        first_member=redis.member_hosts[0],
        quorum=settings.quorum,
        timers=settings.timers,
    )
    return platform.members(
        Members(
            name=word,
            origin=origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", f"{_DIRECTORY}/start.sh"),
                env={"HA_VOLUME": image.data_dir, "HA_HOST": "$(MEMBER_HOST)", "HA_MASTER": master_name},
                files=(
                    File(path=f"{_DIRECTORY}/sentinel.conf", source=config("config", text)),
                    File(path=f"{_DIRECTORY}/start.sh", source=config("start", _file("sentinel_start.sh"))),
                    File(path=f"{_DIRECTORY}/ready.sh", source=config("ready", _file("sentinel_ready.sh"))),
                    File(path=f"{_DIRECTORY}/auth.conf", source=secrets.sentinel_auth),
                    File(path=f"{_DIRECTORY}/sentinel_password", source=secrets.sentinel_password_file),
                ),
                resources=Resources(
                    cpu_request_millis=50,
                    cpu_limit_millis=500,
                    memory_request_bytes=32 * _MIB,
                    memory_limit_bytes=128 * _MIB,
                ),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=1 * 2**30),
            ports=(Port(name="sentinel", number=26379),),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{_DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=2
                ),
                live=Probe(check=TcpCheck(port=26379), interval_seconds=5, failures=6),
                start_seconds=120,
            ),
            first_host=first_host,
            depends_on=redis.resources,
        ),
        parent=parent,
    )


def _file(name: str) -> str:
    return (_FILES / name).read_text()
