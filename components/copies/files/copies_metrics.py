"""How copies are, as Prometheus reads it: the same names as those of databases' backups."""

import time
from collections.abc import Iterator
from typing import Any


def metrics(agent: Any) -> str:
    """The page."""
    return "".join(f"{line}\n" for line in _lines(agent))


def _lines(agent: Any) -> Iterator[str]:
    one = f'{{repository="{agent.repository_name}"}}'
    yield f"ha_backup_failures_total {agent.failures}"
    yield f"ha_backup_attempt_failed{one} {int(bool(agent.failed or agent.fault))}"
    yield f"ha_backup_repository_up{one} {int(not agent.fault)}"
    if agent.copies is None:
        return
    copies = agent.copies
    now, due = time.time(), agent.due()
    yield f"ha_backup_overdue_seconds{one} {now - due if due else 0:.0f}"
    yield f"ha_backup_last_completed_timestamp_seconds{one} {copies[-1].ended if copies else 0:.0f}"
    yield f"ha_backup_last_bytes{one} {copies[-1].bytes if copies else 0}"
    yield f"ha_backup_bytes{one} {sum(each.bytes for each in copies)}"
    yield f"ha_backup_last_verified_timestamp_seconds{one} {max((each.verified for each in copies), default=0):.0f}"
    yield f"ha_backup_verify_failed{one} {int(bool(copies and copies[-1].failed))}"
    if verified := [each for each in copies if each.verified]:
        yield f"ha_backup_restore_seconds{one} {verified[-1].restore_seconds:.3f}"
    yield f"ha_backup_from_primary{one} {int(bool(copies and copies[-1].facts.get('primary')))}"
