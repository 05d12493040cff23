"""A cluster's files from a backup, and the log on top, in a member whose server is stopped.

The log is replayed by a server that nobody reaches, not by Patroni's: that one takes settings of a recovery away.
What it leaves is a primary that was stopped in order, on a timeline of its own.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from .backup_history import leading
from .backup_repository import Backup, Failed, Histories, Repositories

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
        label, follow = self._leading(backups, repositories.histories())
        until = ["--type=time", f"--target={self.time}", "--target-action=promote"] if self.time else ["--type=default"]
        return [f"--set={label}", *until, f"--target-timeline={follow}"]

    def _leading(self, backups: Sequence[Backup], histories: Histories) -> tuple[str, int]:
        """An older backup with more of the log leads to the same: one that failed a drill is taken only if none else
        does."""
        timeline = int(self.timeline or 0)
        sound = [one for one in backups if not one.broken]
        with suppress(Failed):
            return leading(sound, histories, timeline=timeline, time=self.time)
        return leading(backups, histories, timeline=timeline, time=self.time)


class Files:
    """The directory of a server, and its programs. `own` are further options of the servers that run on it here."""

    def __init__(self, data: Path, programs: str, place: Path, own: Sequence[str] = ()) -> None:
        self.data = data
        self._programs = Path(programs) if programs else None
        self._log = place / "restore.log"
        self._own = " ".join(f"-c {option}" for option in own)

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
        self.replay()

    def replay(self) -> None:
        """The log on top of a backup's files. Raises Failed."""
        for left in (self._log, self.data / "postmaster.pid"):
            left.unlink(missing_ok=True)
        # Without queries meanwhile it also replays where the primary had more connections than this file says.
        with self._server("hot_standby=off"):
            self.stop()

    @contextmanager
    def serve(self) -> Iterator[str]:
        """A server for nobody but who knows the directory of its socket, which this gives. Raises Failed."""
        with self._server("hot_standby=on") as socket:
            yield socket
            self.stop()

    @contextmanager
    def _server(self, option: str) -> Iterator[str]:
        socket = tempfile.mkdtemp()
        own = f"-c listen_addresses='' -c unix_socket_directories={socket} -c {option} {self._own}"
        try:
            self._ctl("start", "-W", "-l", str(self._log), "-o", own)
            began = time.monotonic()
            while self._status() != "ready":
                if not self._runs() and time.monotonic() > began + _BEGIN_SECONDS:
                    raise Failed(f"the log was not replayed: {self._said()}")
                time.sleep(0.5)
            yield socket
        finally:
            shutil.rmtree(socket, ignore_errors=True)

    def _runs(self) -> bool:
        """Where this is process 1, a server that ended stays its child until it is asked for."""
        with suppress(OSError, ValueError, IndexError):
            os.waitpid(int((self.data / "postmaster.pid").read_text().split()[0]), os.WNOHANG)
        return self._ctl("status").returncode == 0

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
