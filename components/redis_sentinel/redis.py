"""The Redis servers."""

from components.redis_sentinel.mounted import DIRECTORY, mounted
from components.redis_sentinel.parameters import value_of
from components.redis_sentinel.secrets import USERS_FILE, RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.timers import REPL_TIMEOUT_SECONDS
from components.redis_sentinel.tls import Certificates
from components.scope import Scope
from components.sizes import reserved
from components.store_image import StoreImage
from model import (
    Container,
    Endpoint,
    ExecCheck,
    File,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    Stop,
    TcpCheck,
    Tier,
    Volume,
)

HAND_OVER_SECONDS = 8
"""How long a master that is stopped tries to hand over. On loopback it takes 1 s; behind a busy Sentinel longer."""
_SHUTDOWN_SECONDS = 10
"""How long Redis waits for its replicas before it exits (`shutdown-timeout`)."""


def redis(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: StoreImage,
    secrets: RedisSecrets,
    certificates: Certificates | None,
    master_name: str,
    sentinel_hosts: list[str],
) -> Endpoint:
    """Members `<name>-redis-0` .. : member 0 is the master at the very first start."""
    word = f"{name}-redis"
    hosts = [scope.platform.member_host(word, ordinal) for ordinal in range(settings.members)]
    files = mounted(
        scope,
        word,
        "redis",
        certificates=certificates,
        volume=image.data_dir,
        role=settings.role,
        replicas_to_write=settings.replicas_to_write,
        max_lag=settings.max_lag_seconds,
        repl_timeout=max(REPL_TIMEOUT_SECONDS, settings.max_lag_seconds),
        maxmemory=settings.maxmemory,
        shutdown_seconds=_SHUTDOWN_SECONDS,
        parameters={key: value_of(key, text) for key, text in settings.parameters.items()},
    )
    return scope.members(
        Members(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("sh", f"{DIRECTORY}/start.sh"),
                env={
                    "HA_VOLUME": image.data_dir,
                    "HA_HOST": "$(MEMBER_HOST)",
                    "HA_FIRST_MEMBER": hosts[0],
                    "HA_PEERS": " ".join(hosts),
                    "HA_PERSISTED": "no" if settings.role == "cache" else "yes",
                    "HA_SENTINELS": " ".join(sentinel_hosts),
                    "HA_MASTER": master_name,
                    "HA_USER": secrets.member_user,
                    "HA_HAND_OVER_SECONDS": str(HAND_OVER_SECONDS),
                },
                files=(
                    *files,
                    File(path=f"{DIRECTORY}/auth.conf", source=secrets.redis_auth),
                    File(path=f"{DIRECTORY}/{USERS_FILE}", source=secrets.users),
                    File(path=f"{DIRECTORY}/redis_password", source=secrets.member_password),
                    File(path=f"{DIRECTORY}/sentinel_password", source=secrets.sentinel_password_file),
                ),
                resources=server_resources(settings),
                stop=Stop(grace_seconds=HAND_OVER_SECONDS + _SHUTDOWN_SECONDS + 2),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=settings.volume),
            ports=(Port(name="redis", number=6379),),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=2
                ),
                live=Probe(check=TcpCheck(port=6379), interval_seconds=5, failures=6),
                start_seconds=300,
            ),
            hosts=settings.hosts,
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
        )
    )


def server_resources(settings: RedisSettings) -> Resources:
    """Of each server."""
    if settings.resources:
        return settings.resources.resources()
    return reserved(cpu_millis=250, memory_bytes=settings.maxmemory * 2)
