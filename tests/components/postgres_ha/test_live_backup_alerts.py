"""Each alert of backups fires on what it watches, and on nothing else: judged by promtool."""

import pytest

from components.postgres_ha.backup_alerts import backup_rules
from components.postgres_ha.backup_settings import BackupSettings
from tests.promtool import fire

pytestmark = pytest.mark.live

Series = dict[str, str]
_JOB = "postgres-main-backups"
RULES = backup_rules("main", BackupSettings(repositories=("offsite", "second"), deadline=3600), _JOB)


def told(metric: str, repository: str = "", member: int = 0) -> str:
    more = f', repository="{repository}"' if repository else ""
    return f'{metric}{{job="{_JOB}", instance="10.0.0.{member}:8010"{more}}}'


WELL: Series = {
    told("ha_backup_overdue_seconds", "offsite"): "0x300",
    told("ha_backup_overdue_seconds", "second"): "0+15x200 0x100",
    told("ha_backup_log_waiting_seconds"): "0 15 30 0x297",
    told("ha_backup_log_broken", "offsite"): "0x300",
    told("ha_backup_last_verified_timestamp_seconds", "offsite"): "1700000000x300",
    told("ha_backup_verify_overdue_seconds", "offsite"): "0+15x200 0x100",
    told("ha_backup_verify_failed", "offsite"): "0x300",
    told("ha_backup_primary", member=1): "0x300",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({told("ha_backup_overdue_seconds", "second"): "3700x300"}, {"BackupOverdue"}),
        ({told("ha_backup_log_waiting_seconds"): "0+15x300"}, {"ArchiveWaits"}),
        ({told("ha_backup_verify_failed", "second"): "0x200 1x100"}, {"BackupVerifyFailed"}),
        ({told("ha_backup_verify_overdue_seconds", "second"): "43300x300"}, {"BackupVerifyOverdue"}),
        ({told("ha_backup_log_broken", "offsite"): "0x200 1x100"}, {"ArchiveBroken"}),
    ],
)
def test_an_alert_fires_on_what_it_watches(changes: Series, expected: set[str]) -> None:
    fire(RULES, WELL | changes, {f"Postgres_main{name}" for name in expected}, after="60m")


def test_nobody_tells() -> None:
    silent = {name: values for name, values in WELL.items() if "overdue" not in name and "verified" not in name}
    fire(RULES, silent, {"Postgres_mainBackupOverdue", "Postgres_mainBackupVerifyOverdue"}, after="60m")


def test_without_drills_nobody_waits_for_them() -> None:
    rules = backup_rules("main", BackupSettings(repositories=("offsite",), verify=None), _JOB)
    assert {rule.name for rule in RULES} - {rule.name for rule in rules} == {
        "Postgres_mainBackupVerifyFailed",
        "Postgres_mainBackupVerifyOverdue",
    }
