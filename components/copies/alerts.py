"""What wakes somebody about copies, and what can wait until the morning."""

from components.copies.settings import CopiesSettings
from components.observability import AlertRule, Severity, alert
from settings.types import duration_text


def copies_rules(kind: str, name: str, settings: CopiesSettings, job: str) -> tuple[AlertRule, ...]:
    """Of one store; `kind` is what its other alerts begin with."""
    one = f'{{job="{job}"}}'

    def rule(suffix: str, expr: str, seconds: int, severity: Severity, said: str, *silences: str) -> AlertRule:
        return alert(kind, name, suffix, expr, seconds, severity, said, silences=silences)

    return (
        rule(
            "BackupOverdue",
            f"(max(ha_backup_overdue_seconds{one}) > {settings.deadline}) or absent(ha_backup_overdue_seconds{one})",
            600,
            "critical",
            f"a copy was not complete within {duration_text(settings.deadline * 1000)} after it was due, or nobody "
            "tells",
            "BackupFailed",  # it is why
        ),
        rule(
            "BackupVerifyFailed",
            f"max(ha_backup_verify_failed{one}) > 0",
            0,
            "critical",
            "the newest copy failed its trial, or a restore found it broken: `make backups` says why",
            "BackupFailed",  # the same attempt
        ),
        rule(
            "BackupFailed",
            f"max(ha_backup_attempt_failed{one}) > 0",
            900,
            "warning",
            "the last copy, or its trial, was not done, and is tried again: `make backups` says why",
        ),
    )
