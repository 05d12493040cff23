"""What a PostgreSQL cluster promises, from the timers that are rendered."""

from collections.abc import Iterator

from components.postgres_ha.backups import PUSH_SECONDS
from components.postgres_ha.parameters import whole
from components.postgres_ha.pooler import RETRY_SECONDS
from components.postgres_ha.pooler_settings import PoolerSettings
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.timers import CONNECT_SECONDS, LAG_BYTES, SENDER_SECONDS
from components.write_proxy.timers import following
from guarantees.loss import Loss
from guarantees.patroni import Cluster
from guarantees.promise import Promise
from guarantees.proxy import Pooling
from guarantees.surroundings import Surroundings
from guarantees.timer import Timer

_LOGIN = Timer(
    name="pooler's login",
    millis=RETRY_SECONDS * 1000,
    source="`server_login_retry` of the pooler; meanwhile its clients wait",
)
_CONNECT = Timer(name="pooler's connect", millis=CONNECT_SECONDS * 1000, source="`tcp_user_timeout` of the pooler")


def promises(settings: PostgresSettings, around: Surroundings) -> Iterator[Promise]:
    """Every fault."""
    yield from Cluster(
        members=settings.members,
        synchronous=bool(settings.synchronous),
        strict=settings.synchronous == "strict",
        store_members=settings.store_members,
        ttl=_failover(settings, "ttl"),
        loop_wait=_failover(settings, "loop_wait"),
        retry_timeout=_failover(settings, "retry_timeout"),
        primary_start=_failover(settings, "primary_start"),
        release=_failover(settings, "release_after") if settings.failover.release_after else None,
        lag_bytes=LAG_BYTES,
        restart=around.restart,
        start=around.start,
        proxy=following(stable_addresses=around.stable_addresses),
        pooler=_pooling(settings.pooler) if settings.pooler else None,
        sender=_sender(settings),
        connect=Timer(name="connect", millis=CONNECT_SECONDS * 1000, source="`connect_timeout` of the contract"),
        look_up=around.look_up,
        together=around.together,
    ).promises()
    if settings.backups is not None:
        yield Promise(
            fault="all volumes lost",
            loss=Loss(millis=(settings.backups.archive_timeout + PUSH_SECONDS) * 1000),
            everything=True,
            unbounded="until it is restored"
            + (" (`make backups`: how long a drill took)" if settings.backups.verify else ""),
        )


def _pooling(pooler: PoolerSettings) -> Pooling:
    pause = Timer(
        name="pooler's pause",
        millis=pooler.pauses * 1000,
        source="the setting `pooler.pause`: the most that others wait for one open transaction",
        setting="pooler.pause",
    )
    return Pooling(login=_LOGIN, connect=_CONNECT, pause=pause)


def _failover(settings: PostgresSettings, name: str) -> Timer:
    key = f"failover.{name}"
    return Timer(name=name, millis=getattr(settings.failover, name) * 1000, source=f"the setting `{key}`", setting=key)


def _sender(settings: PostgresSettings) -> Timer:
    name = "wal_sender_timeout"
    key = f"parameters.{name}"
    given = whole(name, settings.parameters.get(name))
    millis = SENDER_SECONDS * 1000 if given is None else given
    return Timer(name=name, millis=millis, source=f"the setting `{key}`", setting=key)
