"""What a Redis group promises, from the timers that are rendered."""

from collections.abc import Iterator

from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.timers import ASK_SECONDS, REPL_TIMEOUT_SECONDS, SOCKET_TIMEOUT_SECONDS
from components.write_proxy.timers import following
from guarantees.promise import Promise
from guarantees.sentinel import Group
from guarantees.surroundings import Surroundings
from guarantees.timer import Timer


def promises(settings: RedisSettings, around: Surroundings) -> Iterator[Promise]:
    """Every fault."""
    timers, persisted = settings.sentinel_timers, settings.role != "cache"
    lag = Timer(
        name="max-lag",
        millis=settings.max_lag_seconds * 1000,
        source="`min-replicas-max-lag`",
        setting="min_replicas.max_lag",
    )
    yield from Group(
        members=settings.members,
        down_after=_setting("down_after", timers.down_after_ms),
        failover_timeout=_setting("failover_timeout", timers.failover_seconds * 1000),
        needed=settings.replicas_to_write,
        lag=lag,
        restart=around.restart,
        start=around.start,
        answer=Timer(
            name="client's wait", millis=SOCKET_TIMEOUT_SECONDS * 1000, source="`socket_timeout` of the contract"
        ),
        look_up=around.look_up,
        hung=Timer(
            name="replica's connection",
            millis=(max(REPL_TIMEOUT_SECONDS, settings.max_lag_seconds) + 2) * 1000,
            source="`repl-timeout` in whole seconds, looked at once a second: a replica connects to the old address",
        ),
        looks=_looks(settings),
        endpoint=following(stable_addresses=around.stable_addresses) if settings.endpoint else None,
        persisted=persisted,
        synced=settings.role == "lock",
        stable=around.stable_addresses,
        together=around.together,
    ).promises()


def _looks(settings: RedisSettings) -> Timer:
    """A Sentinel may have to be asked twice, where it is changing the master."""
    peers = settings.members - 1 if settings.default_user == "off" else 0
    return Timer(
        name="looks",
        millis=(2 + peers) * ASK_SECONDS * 1000,
        source="`redis_start.sh`: all Sentinels at once and twice, with `default_user: off` each peer before",
    )


def _setting(name: str, millis: int) -> Timer:
    key = f"timers.{name}"
    return Timer(name=name, millis=millis, source=f"the setting `{key}`, or the preset of `failover`", setting=key)
