"""One sandbox host: a process that owns a pid, network, mount, UTS and IPC namespace, and what runs in it.

Everything in the host ends with that one process: the kernel kills the pid namespace, and mounts and links go with it.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.hosts.processes import Process, only_child
from sandbox.hosts.profiles import Profile
from sandbox.hosts.waiting import wait_until

_INIT = Path(__file__).with_name("host_init.sh")


@dataclass(frozen=True)
class Host:
    """Host number `index` (from 1) of a profile; index 0 is the switch that joins them."""

    profile: Profile
    index: int

    @property
    def name(self) -> str:
        return f"host{self.index}" if self.index else "switch"

    @property
    def address(self) -> str:
        return f"{self.profile.prefix}.{10 + self.index}"

    @property
    def directory(self) -> Path:
        return self.profile.directory / self.name

    @property
    def socket(self) -> Path:
        return self.directory / "docker.sock"

    @property
    def docker_host(self) -> str:
        """The value for DOCKER_HOST."""
        return f"unix://{self.socket}"

    def init(self) -> Process | None:
        """The process that owns the namespaces, if it runs."""
        process = Process.read(self.directory / "init.json")
        return process if process and process.runs() else None

    def start(self) -> bool:
        """Make the namespaces, if they are not there; True when they were made now."""
        if self.init():
            return False
        ready = self.directory / "ready"
        ready.unlink(missing_ok=True)
        (self.directory / "logs").mkdir(parents=True, exist_ok=True)
        namespaces = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
        with (self.directory / "logs/init.log").open("ab") as log:
            parent = subprocess.Popen(
                ["unshare", *namespaces, "bash", str(_INIT), self.name, self.address, str(ready)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            wait_until(lambda: ready.exists() or parent.poll() is not None, f"{self.name} has its namespaces", 10)
        except TimeoutError as error:
            os.kill(parent.pid, signal.SIGKILL)
            raise HostError(f"{self.directory}/logs/init.log: {error}") from None
        process = only_child(parent.pid)
        if process is None:
            raise HostError(f"{self.name} could not make its namespaces: {self.last_log('init')}")
        process.write(self.directory / "init.json")
        return True

    def stop(self) -> None:
        """End everything that runs in the host, at once, and keep its files."""
        if process := self.init():
            process.kill()

    def enter(self, *argv: str) -> list[str]:
        """The command that runs `argv` inside the host."""
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-i", "-p", "--", *argv]

    def run(self, *argv: str, seconds: float = 600) -> str:
        """The output of a program that runs inside the host."""
        return commands.run(*self.enter(*argv), seconds=seconds)

    def in_network(self, *argv: str) -> str:
        """The output of a program of the machine that runs in the host's network only."""
        return commands.run("nsenter", "-t", str(self.pid), "-n", "--", *argv)

    def spawn(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> bool:
        """Start a daemon inside the host, unless it runs; its output goes to `logs/<name>.log`.

        It ends with the host. True when it was started now.
        """
        record = self.directory / f"{name}.json"
        known = Process.read(record)
        if known and known.runs():
            return False
        with (self.directory / "logs" / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                self.enter(*argv), env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        Process.of(started.pid).write(record)
        return True

    def runs(self, name: str) -> bool:
        """Whether the daemon `name` still runs."""
        known = Process.read(self.directory / f"{name}.json")
        return known is not None and known.runs()

    def listens(self, port: int) -> bool:
        """Whether something in the host accepts TCP connections on the port (IPv4 or IPv6)."""
        process = self.init()
        tables = [Path(f"/proc/{process.pid}/net/{table}") for table in ("tcp", "tcp6")] if process else []
        rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)  # 0A: LISTEN (proc(5))

    def last_log(self, name: str) -> str:
        """The last line that the daemon `name` wrote."""
        path = self.directory / "logs" / f"{name}.log"
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        return lines[-1] if lines else f"it wrote nothing to {path}"

    @property
    def pid(self) -> int:
        """The machine's pid of the process that owns the namespaces; HostError when it does not run."""
        process = self.init()
        if process is None:
            name = self.profile.name
            raise HostError(f"{name}/{self.name} does not run; start it by `python -m sandbox.hosts up {name}`")
        return process.pid
