"""Processes known by pid and start time, so that another shell ends exactly these and no reused pid."""

import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.hosts.waiting import wait_until


@dataclass(frozen=True)
class Process:
    """A process of this machine; `start` is its start time in clock ticks since boot (proc(5), field 22)."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The running process `pid`; ProcessLookupError when there is none."""
        return cls(pid, _stat(pid)[1])

    @classmethod
    def read(cls, record: Path) -> "Process | None":
        """The process in a record file, whether it still runs or not; None without a (whole) record."""
        try:
            return cls(**json.loads(record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, record: Path) -> None:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(asdict(self)))

    def runs(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        try:
            state, start, _ = _stat(self.pid)
        except ProcessLookupError:
            return False
        return start == self.start and state != "Z"

    def kill(self, seconds: float = 10) -> None:
        """SIGKILL, and wait until it is gone; TimeoutError after `seconds`."""
        if self.runs():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not self.runs(), f"process {self.pid} is gone", seconds)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def only_child(pid: int) -> Process | None:
    """The child of `pid`, once there is one."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(ProcessLookupError):
                if _stat(int(entry.name))[2] == pid:
                    return Process.of(int(entry.name))
    return None


def in_namespaces(inodes: set[str]) -> list[int]:
    """The processes that live in one of these pid or network namespaces (`pid:[4026...]`, `net:[4026...]`)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if inodes & {os.readlink(entry / "ns/pid"), os.readlink(entry / "ns/net")}:
                    found.append(int(entry.name))
    return found


def _stat(pid: int) -> tuple[str, int, int]:
    """State, start time and parent of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        raise ProcessLookupError(pid) from None
    fields = text.rpartition(")")[2].split()  # the name before may hold spaces and parentheses
    return fields[0], int(fields[19]), int(fields[1])
