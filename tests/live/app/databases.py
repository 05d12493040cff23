"""The databases of the application, in one directory that is removed with them."""

import os
import pwd
import shutil
import tempfile
from pathlib import Path

from tests.live.app.postgres_server import POSTGRES_BIN, Postgres
from tests.live.app.redis_servers import MASTER_NAME, Redis


def missing_programs() -> list[str]:
    """What is not installed; empty when everything is there."""
    programs = [str(POSTGRES_BIN / "initdb"), "redis-server", "redis-sentinel", "redis-cli"]
    missing = [program for program in programs if shutil.which(program) is None]
    return missing if os.geteuid() == 0 else [*missing, "root"]


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
