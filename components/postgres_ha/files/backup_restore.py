"""A cluster's files from a backup, and the log on top, in a member whose server is stopped.

The log is replayed by a server that nobody reaches, not by Patroni's: that one takes settings of a recovery away.
What it leaves is a primary that was stopped in order, on a timeline of its own.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from .backup_history import leading
from .backup_repository import Failed, Repositories

_STOP_SECONDS = 300
_BEGIN_SECONDS = 15
"""From there on a server that does not run has given up."""


class Target(NamedTuple):
    """Until when: a `time` in UTC, a backup's `label` (its end), or with neither the end of the archive. `timeline`:
    the one to follow, where it is not the newest."""

    time: str = ""
    label: str = ""
    timeline: str = ""

    def options(self, repositories: Repositories) -> list[str]:
        """For pgBackRest. Raises Failed where no backup leads there."""
        if self.label:
            line = ["--type=immediate", f"--target-timeline={self.timeline or 'current'}", "--target-action=promote"]
            return [f"--set={self.label}", *line]
        backups, _ = repositories.backups()
        timeline = int(self.timeline or 0)
        label, follow = leading(backups, repositories.histories(), timeline=timeline, time=self.time)
        until = ["--type=time", f"--target={self.time}", "--target-action=promote"] if self.time else ["--type=default"]
        return [f"--set={label}", *until, f"--target-timeline={follow}"]


class Files:
    """The directory of a server, and its programs."""

    def __init__(self, data: Path, programs: str, place: Path) -> None:
        self.data = data
        self._programs = Path(programs) if programs else None
        self._log = place / "restore.log"

    def program(self, name: str) -> str:
        """Its path, or its name where it is on PATH."""
        return str(self._programs / name) if self._programs else name

    def stop(self) -> None:
        """Raises Failed where a server goes on."""
        if not (self.data / "PG_VERSION").exists() or self._ctl("status").returncode:
            return
        done = self._ctl("stop", "-m", "fast", "-t", str(_STOP_SECONDS))
        if done.returncode and not self._ctl("status").returncode:
            raise Failed(f"the server does not stop: {(done.stderr or done.stdout).strip()}")

    def restore(self, repositories: Repositories, target: Target) -> None:
        """Returns when the server has replayed the log and stopped. Raises Failed."""
        options = target.options(repositories)
        self.stop()
        self.data.mkdir(mode=0o700, exist_ok=True)
        repositories.restore(options)
        self._replay()

    def _replay(self) -> None:
        for left in (self._log, self.data / "postmaster.pid"):
            left.unlink(missing_ok=True)
        socket = tempfile.mkdtemp()
        # Without queries meanwhile it also replays where the primary had more connections than this file says.
        own = f"-c listen_addresses='' -c unix_socket_directories={socket} -c hot_standby=off"
        try:
            self._ctl("start", "-W", "-l", str(self._log), "-o", own)
            began = time.monotonic()
            while self._status() != "ready":
                runs = self._ctl("status").returncode == 0
                if not runs and time.monotonic() > began + _BEGIN_SECONDS:
                    raise Failed(f"the log was not replayed: {self._said()}")
                time.sleep(0.5)
            self.stop()
        finally:
            shutil.rmtree(socket, ignore_errors=True)

    def _status(self) -> str:
        """As a server writes it in its eighth line: `ready` when it has ended its recovery."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (OSError, IndexError):
            return ""

    def _said(self) -> str:
        """Why a server gave up."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        worst = [line.partition("FATAL:  ")[2] or line.partition("PANIC:  ")[2] for line in lines]
        return next((line for line in reversed(worst) if line), " ".join(lines[-1:]) or "the server did not start")

    def _ctl(self, *line: str) -> "subprocess.CompletedProcess[str]":
        # Its server keeps the standard output that it inherits: files, so that nobody waits for the end of them.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = subprocess.run(
                [self.program("pg_ctl"), line[0], "-D", str(self.data), *line[1:]], stdout=out, stderr=err, check=False
            ).returncode
            texts = [file.seek(0) or file.read() for file in (out, err)]
        return subprocess.CompletedProcess(line, code, *map(str, texts))
