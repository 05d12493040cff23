"""How backups are, as Prometheus reads it. A member whose server is no primary only says so."""

import time
from collections.abc import Iterator
from typing import Any

from .backup_verdicts import failed_last

_SEGMENT = 16 * 2**20


def metrics(agent: Any) -> str:
    """The page."""
    return "".join(f"{line}\n" for line in _lines(agent))


def _lines(agent: Any) -> Iterator[str]:
    yield f"ha_backup_primary {int(agent.leads)}"
    if not agent.leads:
        return
    now = time.time()
    waiting, since = agent.log.waiting()
    yield f"ha_backup_log_waiting_bytes {waiting * _SEGMENT}"
    yield f"ha_backup_log_waiting_seconds {now - since if waiting else 0:.0f}"
    yield f"ha_backup_failures_total {agent.failures}"
    for name in agent.repositories.names:
        one = f'{{repository="{name}"}}'
        found = [backup for backup in agent.backups if backup.repository == name]
        kind, due = agent.due(name)
        yield f"ha_backup_repository_up{one} {int(name not in agent.faults)}"
        yield f"ha_backup_overdue_seconds{one} {now - due if kind else 0:.0f}"
        yield f"ha_backup_last_completed_timestamp_seconds{one} {max((each.ended for each in found), default=0)}"
        yield f"ha_backup_bytes{one} {sum(each.bytes for each in found)}"
        dropped = agent.log.dropped() > max((each.began for each in found), default=0)
        yield f"ha_backup_log_broken{one} {int(dropped)}"
        if agent.drills:
            since = agent.drill_due(name)
            verified = max(found, key=lambda each: each.verified, default=None)
            yield f"ha_backup_last_verified_timestamp_seconds{one} {verified.verified if verified else 0}"
            yield f"ha_backup_verify_overdue_seconds{one} {now - since if since else 0:.0f}"
            yield f"ha_backup_verify_failed{one} {int(bool(failed_last(found)))}"
            if verified and verified.verified:
                yield f"ha_backup_restore_seconds{one} {verified.restore_seconds}"
                yield f"ha_backup_restore_bytes{one} {verified.size}"
