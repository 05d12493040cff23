"""What the members' agents tell of backups, and what wakes somebody about it."""

from collections.abc import Callable, Iterator

from components.observability import AlertRule, ScrapeTarget, alert
from components.postgres_ha.backup_settings import BackupSettings, VerifySettings
from components.postgres_ha.backups import PORT
from settings.types import duration_text

WAIT_SECONDS = 300
"""A file of the log is archived within seconds while the repository answers."""


def backup_target(name: str, members: str, count: int) -> ScrapeTarget:
    """The agents, of which the primary's tells."""
    return ScrapeTarget(job=f"postgres-{name}-backups", replicas_host=members, port=PORT, expected=count)


def _drills(settings: VerifySettings, one: str, rule: Callable[[str, str, int, str], AlertRule]) -> Iterator[AlertRule]:
    yield rule(
        "BackupVerifyFailed",
        f"max(ha_backup_verify_failed{one}) > 0",
        0,
        "a backup was restored for a trial, and that failed: `make backups` says why",
    )
    yield rule(
        "BackupVerifyOverdue",
        f"(max(ha_backup_verify_overdue_seconds{one}) > {settings.deadline}) "
        f"or absent(ha_backup_last_verified_timestamp_seconds{one})",
        600,
        f"no backup was verified within {duration_text(settings.deadline * 1000)} after it was due, or nobody tells",
    )


def backup_rules(name: str, settings: BackupSettings, job: str) -> tuple[AlertRule, ...]:
    """Of one cluster."""
    one = f'{{job="{job}"}}'

    def rule(suffix: str, expr: str, for_seconds: int, said: str) -> AlertRule:
        return alert("Postgres", name, suffix, expr, for_seconds, "critical", said)

    return (
        rule(
            "BackupOverdue",
            f"(max(ha_backup_overdue_seconds{one}) > {settings.deadline}) or absent(ha_backup_overdue_seconds{one})",
            600,
            f"a backup was not complete within {duration_text(settings.deadline * 1000)} after it was due, or nobody "
            "tells",
        ),
        *(_drills(settings.verify, one, rule) if settings.verify else ()),
        rule(
            "ArchiveWaits",
            f"max(ha_backup_log_waiting_seconds{one}) > {WAIT_SECONDS}",
            60,
            "the log has not reached a repository for {{ $value | humanizeDuration }}: what was written since would be "
            "lost with all volumes",
        ),
        rule(
            "ArchiveBroken",
            f"max(ha_backup_log_broken{one}) > 0",
            0,
            "a part of the log was dropped, for the queue was full: no moment can be restored from then until the next "
            "backup",
        ),
    )
