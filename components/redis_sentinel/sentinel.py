"""The Sentinels."""

from components.redis_sentinel.acl import PROBE
from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.mounted import DIRECTORY, mounted, script_env
from components.redis_sentinel.settings import RedisSettings
from components.sizes import reserved
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


def reconnect_millis(down_after_ms: int) -> int:
    """How long a Sentinel keeps a connection that is silent, at least (`SENTINEL_MIN_LINK_RECONNECT_PERIOD` in
    `sentinel.c`, by default 15 s). While a container starts again its name is unknown, and a Sentinel connects to the
    address that it had: it must give that up, and look up the name, before the master counts as lost."""
    return min(15_000, max(1000, down_after_ms // 5))


def sentinel_resources(settings: RedisSettings) -> Resources:
    """Of each Sentinel."""
    return settings.sentinel_resources.resources() if settings.sentinel_resources else DEFAULT_RESOURCES


def sentinel(group: ReplicationGroup, *, redis: Endpoint) -> Endpoint:
    """As many Sentinels as Redis servers; a majority must agree that the master is down."""
    scope, settings, secrets = group.scope, group.settings, group.secrets
    files = mounted(
        group,
        "sentinel",
        volume=group.image.data_dir,
        master_name=settings.master_name,
        first_member=redis.member_hosts[0],
        quorum=settings.quorum,
        timers=settings.sentinel_timers,
    )
    return scope.members(
        Members(
            name=f"{group.name}-sentinel",
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=group.image.image,
                command=("sh", f"{DIRECTORY}/start.sh"),
                env=script_env(group)
                | {
                    "HA_PATIENCE_SECONDS": str(PATIENCE_SECONDS),
                    "HA_ASK_MILLIS": str(ask_millis(settings.sentinel_timers.down_after_ms)),
                    "HA_RECONNECT_MILLIS": str(reconnect_millis(settings.sentinel_timers.down_after_ms)),
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
            volume=Volume(path=group.image.data_dir, size_bytes=1 * 2**30),
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
            tolerations=settings.placement.tolerated,
            depends_on=redis.resources,
        )
    )
