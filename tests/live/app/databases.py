"""Postgres, two Redis and a Sentinel from Debian's packages, by hand on loopback, in one directory."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.app.process import free_port

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
MASTER_NAME = "main"
DOWN_AFTER_MS = 1000


def missing_programs() -> list[str]:
    """What is not installed; empty when everything is there."""
    programs = [str(POSTGRES_BIN / "initdb"), "redis-server", "redis-sentinel", "redis-cli"]
    missing = [program for program in programs if shutil.which(program) is None]
    return missing if os.geteuid() == 0 else [*missing, "root"]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Raises AssertionError with `what` when `condition` is not true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.1)


class Postgres:
    """One server with password authentication; its process may be stopped and started again."""

    def __init__(self, directory: Path) -> None:
        self.port, self.password = free_port(), secrets.token_hex(16)
        self._data, password_file = directory / "data", directory / "password"
        password_file.write_text(self.password)
        shutil.chown(password_file, "postgres")
        self._run("initdb", "-A", "scram-sha-256", "-U", "chat", f"--pwfile={password_file}", "-D", str(self._data))
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nmax_connections=30\n"
            )

    @property
    def url(self) -> str:
        """With the password."""
        return f"postgresql://chat:{self.password}@127.0.0.1:{self.port}/postgres?target_session_attrs=read-write"

    def start(self) -> None:
        """Returns when it accepts connections."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data / "log"), "start")

    def crash(self) -> None:
        """Ends without a checkpoint."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(POSTGRES_BIN / program), *arguments],
            user="postgres",
            group="postgres",
            extra_groups=[],
            cwd=self._data.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )


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
        wait_until(lambda: str(self.ports[1]) in self._sentinel("replicas"), "the Sentinel knows the replica", 30)

    def master(self) -> int:
        """The port of the master, as the Sentinel sees it."""
        return int(self._sentinel("get-master-addr-by-name").split()[1])

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
            timeout=10,
            check=False,
        ).stdout


class Databases:
    """Both, running, and the variables by which the application finds them; the secrets are in files."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="ha-app-"))
        os.chown(self._directory, pwd.getpwnam("postgres").pw_uid, -1)
        self.postgres, self.redis = Postgres(self._directory), Redis(self._directory)

    def start(self) -> None:
        """Returns when they answer."""
        self.postgres.start()
        self.redis.start()

    def remove(self) -> None:
        """Leaves no process and no file."""
        self.redis.stop()
        self.postgres.crash()
        shutil.rmtree(self._directory)

    @property
    def secrets(self) -> tuple[str, ...]:
        """That no output may hold."""
        return self.postgres.password, self.redis.password, self.redis.sentinel_password

    @property
    def env(self) -> dict[str, str]:
        """What the client contracts inject."""
        return {
            "DATABASE_URL_FILE": self._file("database_url", self.postgres.url),
            "REDIS_SENTINELS": f"127.0.0.1:{self.redis.sentinel_port}",
            "REDIS_MASTER_NAME": MASTER_NAME,
            "REDIS_PASSWORD_FILE": self._file("redis_password", self.redis.password),
            "REDIS_SENTINEL_PASSWORD_FILE": self._file("redis_sentinel_password", self.redis.sentinel_password),
            "WORKER_HEARTBEAT_FILE": str(self._directory / "heartbeat"),
        }

    def _file(self, name: str, value: str) -> str:
        path = self._directory / name
        path.write_text(value)
        return str(path)
