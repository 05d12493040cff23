"""PostgreSQL and Redis with TLS, as somebody outside a stack runs them: real servers on loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType

from drills.waiting import wait_for
from tests.components.certificates import Authority
from tests.loopback import free_port
from tests.rendered.programs import POSTGRES, program

HOST = "localhost"
USER, PASSWORD, DATABASE = "me@db", "p@ss/w:rd?#%", "shop"
BIN = Path(POSTGRES).parent


class Server:
    """One server, its directory, and the authority that signed its certificate; it ends with the `with` block."""

    def __init__(self, command: list[str], directory: Path, authority: Authority, port: int, user: str | None) -> None:
        self.authority, self.port, self.directory = authority, port, directory
        self._process = subprocess.Popen(command, user=user, cwd=directory)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.directory)


def postgres() -> Server:
    """Takes connections with TLS and a password alone. The role owns the database."""
    program(POSTGRES, "postgresql-15")
    user = "postgres" if os.geteuid() == 0 else None
    authority, directory, port = _prepared(user)
    data = directory / "data"
    _run(user, BIN / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata", data)
    (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all all scram-sha-256\n")
    settings = {
        "port": port, "listen_addresses": HOST, "unix_socket_directories": directory, "fsync": "off",
        "ssl": "on", "ssl_cert_file": directory / "server.crt", "ssl_key_file": directory / "server.key",
    }  # fmt: skip
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = Server([POSTGRES, "-D", str(data), *options], directory, authority, port, user)
    for statement in (
        f"create role \"{USER}\" login password '{PASSWORD}'",
        f'create database {DATABASE} owner "{USER}"',
    ):
        psql = [str(BIN / "psql"), "-h", str(directory), "-p", str(port), "-U", "postgres", "-c", statement]
        wait_for(statement.partition(" password")[0], partial(_succeeds, psql), seconds=300, every=0.1)
    return server


def redis() -> Server:
    """Takes connections with TLS and a password alone."""
    path = program("redis-server", "redis-server")
    authority, directory, port = _prepared(None)
    config = directory / "redis.conf"
    config.write_text(
        f'port 0\ntls-port {port}\nbind 127.0.0.1\nsave ""\ndir {directory}\ntls-auth-clients no\n'
        f"tls-cert-file {directory}/server.crt\ntls-key-file {directory}/server.key\n"
        f"user default off\nuser {USER} on >{PASSWORD} ~* &* +@all\n"
    )
    server = Server([path, str(config)], directory, authority, port, None)
    wait_for("redis listens", lambda: _listens(port), seconds=300, every=0.1)
    return server


def _prepared(user: str | None) -> tuple[Authority, Path, int]:
    """An authority, a directory with a certificate for HOST that belongs to `user`, and a free port."""
    authority, directory = Authority.new(), Path(tempfile.mkdtemp(prefix="external-"))
    authority.sign(HOST, directory)
    if user:
        entry = pwd.getpwnam(user)
        for path in (directory, *directory.iterdir()):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    return authority, directory, free_port()


def _run(user: str | None, *command: object) -> None:
    subprocess.run([str(word) for word in command], user=user, check=True, capture_output=True, timeout=120, cwd="/")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0


def _listens(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=10):
        return True
