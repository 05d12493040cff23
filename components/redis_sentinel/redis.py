"""The Redis servers."""

from components.redis.parameters import value_of
from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.mounted import DIRECTORY, mounted, script_env
from components.redis_sentinel.secrets import USERS_FILE, RedisSecrets
from components.redis_sentinel.settings import RedisSettings, SentinelTimers
from components.redis_sentinel.timers import REPL_TIMEOUT_SECONDS
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
    Stop,
    TcpCheck,
    Tier,
    Volume,
)

HAND_OVER_SECONDS = 8
"""How long a master that is stopped tries to hand over. On loopback it takes 1 s; behind a busy Sentinel longer."""
_SHUTDOWN_SECONDS = 10
"""How long Redis waits for its replicas before it exits (`shutdown-timeout`)."""


def hold_seconds(timers: SentinelTimers) -> int:
    """How long a master that is back waits for the Sentinels to see it, at most: by then its name is known again (a
    Swarm's health check takes 5 s), and a failover that began before is over, or was given up. A minute where it could
    take longer."""
    return min(60, 10 + -(-timers.down_after_ms // 1000) + timers.failover_seconds)


def patient_millis(timers: SentinelTimers) -> int:
    """A Sentinel that has heard of the master within this time makes a new connection, and so asks at its new address,
    before the master counts as lost: it does at half of `down_after`, and within a second."""
    return max(0, timers.down_after_ms // 2 - 1500)


def redis(group: ReplicationGroup) -> Endpoint:
    """Members `<name>-redis-0` .. : member 0 is the master at the very first start."""
    scope, settings, secrets = group.scope, group.settings, group.secrets
    files = mounted(
        group,
        "redis",
        volume=group.image.data_dir,
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
            name=f"{group.name}-redis",
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=group.image.image,
                command=("sh", f"{DIRECTORY}/start.sh"),
                env=script_env(group)
                | {
                    "HA_FIRST_MEMBER": group.server_hosts[0],
                    "HA_PERSISTED": "no" if settings.role == "cache" else "yes",
                    "HA_USER": secrets.member_user,
                    "HA_HAND_OVER_SECONDS": str(HAND_OVER_SECONDS),
                    "HA_HOLD_SECONDS": str(hold_seconds(settings.sentinel_timers)),
                    "HA_PATIENT_MILLIS": str(patient_millis(settings.sentinel_timers)),
                    **(
                        {"HA_ROTATED": rotated(secrets), "HA_COUNTER": str(settings.rotate.passwords)}
                        if secrets.rotation_password
                        else {}
                    ),
                },
                files=(
                    *files,
                    File(path=f"{DIRECTORY}/auth.conf", source=secrets.redis_auth),
                    File(path=f"{DIRECTORY}/{USERS_FILE}", source=secrets.users),
                    File(path=f"{DIRECTORY}/redis_password", source=secrets.member_password),
                    File(path=f"{DIRECTORY}/sentinel_password", source=secrets.sentinel_password_file),
                    *(
                        (File(path=f"{DIRECTORY}/rotation_password", source=secrets.rotation_password),)
                        if secrets.rotation_password
                        else ()
                    ),
                ),
                resources=server_resources(settings),
                stop=Stop(grace_seconds=HAND_OVER_SECONDS + _SHUTDOWN_SECONDS + 2),
            ),
            count=settings.members,
            volume=Volume(path=group.image.data_dir, size_bytes=settings.volume),
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
            tolerations=settings.placement.tolerated,
        )
    )


def rotated(secrets: RedisSecrets) -> str:
    """`former:new` of each application's users, for scripts."""
    return " ".join(f"{former.user}:{secrets.apps[app].user}" for app, former in sorted(secrets.former.items()))


def server_resources(settings: RedisSettings) -> Resources:
    """Of each server."""
    if settings.resources:
        return settings.resources.resources()
    return reserved(cpu_millis=250, memory_bytes=settings.maxmemory * 2)
