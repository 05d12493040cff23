"""The Sentinels."""

from components.redis_sentinel.acl import PROBE
from components.redis_sentinel.mounted import DIRECTORY, mounted
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
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
    TcpCheck,
    Tier,
    Volume,
)
from model.units import MIB

DEFAULT_RESOURCES = reserved(cpu_millis=100, memory_bytes=64 * MIB)
"""A Sentinel was seen to use 6 MiB."""
PATIENCE_SECONDS = 60
"""How long a Sentinel without memory waits for a majority of the members. After a restart of everything the last one
started within 40 s on a busy machine (measured: 34 to 37 s)."""


def ask_millis(down_after_ms: int) -> int:
    """How often a Sentinel asks the others about a master that it misses. It counts an answer for five periods
    (`SENTINEL_ASK_PERIOD` in `sentinel.c`, by default 1 s): less than a new master must be silent to count as lost."""
    return min(1000, down_after_ms // 8)


def sentinel_resources(settings: RedisSettings) -> Resources:
    """Of each Sentinel."""
    return settings.sentinel_resources.resources() if settings.sentinel_resources else DEFAULT_RESOURCES


def sentinel(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: StoreImage,
    secrets: RedisSecrets,
    certificates: Certificates | None,
    master_name: str,
    redis: Endpoint,
) -> Endpoint:
    """As many Sentinels as Redis servers; a majority must agree that the master is down."""
    word = f"{name}-sentinel"
    files = mounted(
        scope,
        word,
        "sentinel",
        certificates=certificates,
        volume=image.data_dir,
        master_name=master_name,
        first_member=redis.member_hosts[0],
        quorum=settings.quorum,
        timers=settings.sentinel_timers,
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
                    "HA_PEERS": " ".join(redis.member_hosts),
                    "HA_SENTINELS": " ".join(
                        scope.platform.member_host(word, ordinal) for ordinal in range(settings.members)
                    ),
                    "HA_PATIENCE_SECONDS": str(PATIENCE_SECONDS),
                    "HA_MASTER": master_name,
                    "HA_ASK_MILLIS": str(ask_millis(settings.sentinel_timers.down_after_ms)),
                    "HA_FAILOVER_SECONDS": str(settings.sentinel_timers.failover_seconds),
                    "HA_USER": PROBE,
                },
                files=(
                    *files,
                    File(path=f"{DIRECTORY}/auth.conf", source=secrets.sentinel_auth),
                    File(path=f"{DIRECTORY}/redis_password", source=secrets.probe_password),
                    File(path=f"{DIRECTORY}/sentinel_password", source=secrets.sentinel_password_file),
                ),
                resources=sentinel_resources(settings),
            ),
            count=settings.members,
            volume=Volume(path=image.data_dir, size_bytes=1 * 2**30),
            ports=(Port(name="sentinel", number=26379),),
            probes=Probes(
                ready=Probe(
                    check=ExecCheck(command=("sh", f"{DIRECTORY}/ready.sh")), interval_seconds=2, timeout_seconds=2
                ),
                live=Probe(check=TcpCheck(port=26379), interval_seconds=5, failures=6),
                start_seconds=120,
            ),
            hosts=settings.hosts,
            abandon_data_on=settings.abandon_data_on,
            node_labels=settings.placement.labels,
            depends_on=redis.resources,
        )
    )
