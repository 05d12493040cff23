"""The log on its way to the repositories: what waits in the server's volume, and what was dropped."""

import time
from pathlib import Path

from .backup_repository import Failed
from .sql import Server

MARK = "SELECT pg_logical_emit_message(true, 'ha-platform.backups', ''), ''"
"""A transaction that leaves nothing in any table: a restore to a time ends at the first one after it."""
SWITCH = "SELECT pg_walfile_name(at), at FROM pg_switch_wal() AS at"
CLOSE_SECONDS = 120


class Log:
    """Of the server in `data`. `place` is a directory on its volume."""

    def __init__(self, data: Path, place: Path, server: Server) -> None:
        self._log = data / "pg_wal"
        self._status = self._log / "archive_status"
        self._dropped, self._began = place / "dropped", place / "began"
        self._server = server

    def waiting(self) -> tuple[int, float]:
        """Files that wait, and since when the oldest does."""
        found = []
        for path in self._status.glob("*.ready"):
            try:
                found.append(path.stat().st_mtime)
            except FileNotFoundError:  # it was archived meanwhile
                continue
        return len(found), min(found, default=0.0)

    def dropped(self) -> float:
        """When a file was dropped the last time, for the queue was full; 0: never."""
        try:
            lines = self._dropped.read_text().split()
        except FileNotFoundError:
            return 0.0
        return float(lines[-1]) if lines else 0.0

    def began(self) -> float:
        """When this member's agent first saw its server archive."""
        self._began.touch(exist_ok=True)
        return self._began.stat().st_mtime

    def begin_anew(self) -> None:
        """After a restore: what was dropped before is not of this log."""
        self._dropped.unlink(missing_ok=True)

    def timeline(self) -> int:
        """The branch that the primary writes. Raises NotYet."""
        [(name, _)] = self._server.query("SELECT pg_walfile_name(pg_current_wal_lsn()), ''")
        return int(name[:8], 16)

    def hand_over(self, name: str) -> None:
        """Has the server archive a file that it takes for archived, or does not mean to archive."""
        if (self._log / name).exists():
            (self._status / f"{name}.done").unlink(missing_ok=True)
            (self._status / f"{name}.ready").touch()

    def close(self) -> str:
        """Returns when everything that was acknowledged is archived: where the log was then. Raises Failed, NotYet."""
        self._server.query(MARK)
        [(name, at)] = self._server.query(SWITCH)
        end = time.monotonic() + CLOSE_SECONDS
        # The name is that of the file in which the switch was.
        while not self._is_archived(name):
            if time.monotonic() > end:
                raise Failed(f"the last file of the log ({name}) was not archived within {CLOSE_SECONDS} s")
            time.sleep(0.5)
        return at

    def _is_archived(self, name: str) -> bool:
        """A checkpoint may remove the server's own note of it."""
        [(last, _)] = self._server.query("SELECT coalesce(last_archived_wal, ''), '' FROM pg_stat_archiver")
        noted = (self._status / f"{name}.done").exists() or last[: len(name)] >= name
        return noted and not (self._status / f"{name}.ready").exists()
