"""Two Redis and a Sentinel of Debian's packages, by hand on loopback."""

import os
import secrets
import subprocess
from pathlib import Path

from tests.live.app.waiting import wait_until
from tests.loopback import free_port

MASTER_NAME = "main"
DOWN_AFTER_MS = 3000


class Redis:
    """A master, a replica and one Sentinel."""

    def __init__(self, directory: Path) -> None:
        self.password, self.sentinel_password = secrets.token_hex(16), secrets.token_hex(16)
        self.ports = [free_port(), free_port()]
        self.sentinel_port = free_port()
        self._directory = directory
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Returns when the Sentinel knows both."""
        common = f'bind 127.0.0.1\ndir {self._directory}\nsave ""\n'
        data = f"{common}requirepass {self.password}\nmasterauth {self.password}\n"
        self._launch("redis-server", self.ports[0], data)
        self._launch("redis-server", self.ports[1], f"{data}replicaof 127.0.0.1 {self.ports[0]}\n")
        wait_until(lambda: "master_link_status:up" in self._cli(self.ports[1], "info"), "replication")
        self._launch(
            "redis-sentinel",
            self.sentinel_port,
            f"{common}requirepass {self.sentinel_password}\n"
            f"sentinel monitor {MASTER_NAME} 127.0.0.1 {self.ports[0]} 1\n"
            f"sentinel auth-pass {MASTER_NAME} {self.password}\n"
            f"sentinel down-after-milliseconds {MASTER_NAME} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {MASTER_NAME} 5000\n",
        )
        wait_until(lambda: str(self.ports[1]) in self._sentinel("replicas"), "the Sentinel knows the replica")

    def master(self) -> int:
        """The port of the master, as the Sentinel sees it."""
        return int(self._sentinel("get-master-addr-by-name").split()[1])

    def wait_replicated(self) -> None:
        """Returns when the replica has everything that the master has acknowledged so far (replication is async)."""
        lines = self._cli(self.master(), "info", "replication").splitlines()
        written = next(line.removeprefix("master_repl_offset:") for line in lines if "master_repl_offset" in line)
        replica = next(port for port in self._processes if port not in (self.master(), self.sentinel_port))

        def has_it() -> bool:
            said = self._cli(replica, "info", "replication").splitlines()
            offsets = [int(line.partition(":")[2]) for line in said if line.startswith("slave_repl_offset:")]
            return offsets != [] and offsets[0] >= int(written)

        wait_until(has_it, "the replica has what the master has")

    def kill_master(self) -> None:
        """SIGKILL."""
        process = self._processes.pop(self.master())
        process.kill()
        process.wait()

    def stop(self) -> None:
        """All of them."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _launch(self, program: str, port: int, conf: str) -> None:
        path = self._directory / f"{port}.conf"
        path.write_text(f"port {port}\n{conf}")
        self._processes[port] = subprocess.Popen([program, str(path)], stdout=subprocess.DEVNULL)
        wait_until(lambda: self._cli(port, "ping") == "PONG\n", f"{program} answers")

    def _sentinel(self, command: str) -> str:
        return self._cli(self.sentinel_port, "sentinel", command, MASTER_NAME)

    def _cli(self, port: int, *command: str) -> str:
        password = self.sentinel_password if port == self.sentinel_port else self.password
        return subprocess.run(
            ["redis-cli", "-p", str(port), *command],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": password},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout
