"""What Patroni takes from its store alone (its dynamic configuration), as the stack file wants it."""

from components.postgres_ha import wal
from components.postgres_ha.parameters import value_of
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.timers import LAG_BYTES, SENDER_SECONDS

Configuration = dict[str, object]


OWN = "ha-platform"
"""The key under which the store remembers what came from the stack file: the first database's name, and which
parameters. Patroni passes over it."""


def dynamic_configuration(
    settings: PostgresSettings, *, major: int | None, archive: Configuration | None = None
) -> Configuration:
    """Merged into what the store holds: keys that are not named here stay as they are, so that `pause` or a person's
    own parameter survives. A key that a later version no longer sets must stay here as None, which removes it.

    `archive`: the parameters of backups. Write parameters that need a restart just as `pg_settings.setting` shows them:
    that is what is compared.
    """
    failover = settings.failover
    # The archive's are among those that have their defaults again when they are taken out.
    own = own_parameters(settings, major=major) | (archive or {})
    return {
        "ttl": failover.ttl,
        "loop_wait": failover.loop_wait,
        "retry_timeout": failover.retry_timeout,
        "primary_start_timeout": failover.primary_start,
        "maximum_lag_on_failover": LAG_BYTES,
        "failsafe_mode": True,
        "synchronous_mode": bool(settings.synchronous),
        "synchronous_mode_strict": settings.synchronous == "strict",
        "postgresql": {
            "use_pg_rewind": True,
            # What a `pg_rewind` that ended in its middle left (its disk was full) is no database any more, and Patroni
            # tries it once: the member clones the primary instead. What it has beyond the primary is lost either way.
            "remove_data_directory_on_rewind_failure": True,
            "use_slots": True,
            "parameters": {
                "max_connections": settings.max_connections,
                "wal_level": "replica",
                "hot_standby": "on",
                "wal_log_hints": "on",
                **wal.sizes(settings.volume),
                "max_wal_senders": 10,
                "max_replication_slots": 10,
                "tcp_keepalives_idle": 10,
                "tcp_keepalives_interval": 3,
                "tcp_keepalives_count": 3,
                "wal_sender_timeout": f"{SENDER_SECONDS}s",
                "wal_receiver_timeout": "10s",
                "password_encryption": "scram-sha-256",
                **own,
            },
        },
        OWN: {"database": settings.database, "parameters": sorted(own) or None},
    }


def own_parameters(settings: PostgresSettings, *, major: int | None) -> Configuration:
    """The stack file's, as the server shows them; `shared_buffers` stands in the members' own file."""
    given = {name: text for name, text in settings.parameters.items() if name != "shared_buffers"}
    if not given:
        return {}
    assert major is not None, "a rule refuses parameters without a version"
    return {name: value_of(name, text, major) for name, text in given.items()}
