"""Places for backups beside a real S3 server: a real SSH server, and a directory that stands for a shared volume."""

import os
import pwd
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from drills.waiting import wait_for

SSHD = "/usr/sbin/sshd"
_TYPES = ("ed25519", "ecdsa", "rsa")


class Place(Protocol):
    """Where a repository is, and what a stack file says of it."""

    store: Path
    """The directory in which backups arrive."""

    @property
    def repository(self) -> Mapping[str, object]: ...

    @property
    def secrets(self) -> Mapping[str, str]: ...

    def volumes(self, kind: str) -> Mapping[str, Any]:
        """What it needs of them on a platform."""
        ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


class SftpServer:
    """At `address` and a port of its own, for whoever runs the tests: OpenSSH's server with nothing but SFTP."""

    def __init__(self, directory: Path, address: str) -> None:
        self.address, self.port = address, 2222
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwuid(os.geteuid()).pw_name
        self.store = directory / "store"
        self.store.mkdir()
        for name in ("user", *_TYPES):
            self._make_key(name)

    @property
    def repository(self) -> Mapping[str, object]:
        """As a stack file has it: with every key that the server has."""
        keys = [" ".join(self._public(name).split()[:2]) for name in _TYPES]
        where = {"host": self.address, "port": self.port, "path": str(self.store)}
        return {"sftp": {**where, "user": self._user, "key": "vault_key", "host_keys": keys}}

    @property
    def secrets(self) -> Mapping[str, str]:
        """The given secret that this names."""
        return {"vault_key": (self._directory / "user").read_text()}

    def volumes(self, kind: str) -> Mapping[str, Any]:  # noqa: ARG002
        """None."""
        return {}

    def start(self) -> None:
        """Returns when it answers."""
        Path("/run/sshd").mkdir(exist_ok=True)  # it asks for it, also where it separates no privileges
        (self._directory / "authorized").write_text(self._public("user"))
        lines = [
            f"ListenAddress {self.address}:{self.port}",
            *(f"HostKey {self._directory}/{name}" for name in _TYPES),
            f"AuthorizedKeysFile {self._directory}/authorized",
            f"AllowUsers {self._user}",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "StrictModes no",
            "UsePAM no",
            "PidFile none",
            "Subsystem sftp internal-sftp",
            "ForceCommand internal-sftp",
        ]
        (self._directory / "sshd.conf").write_text("\n".join([*lines, ""]))
        with (self._directory / "sshd.log").open("ab") as log:
            line = [SSHD, "-D", "-e", "-f", str(self._directory / "sshd.conf")]
            self._process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True)
        wait_for("the SSH server answers", self._answers, seconds=300, every=0.2)

    def kill(self) -> None:
        """Nobody answers any more; what was acknowledged stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def become_another(self) -> None:
        """At the same address answers a server with keys of its own."""
        self.kill()
        for name in _TYPES:
            (self._directory / name).rename(self._directory / f"{name}.former")
            self._make_key(name)
        self.start()

    def return_as_itself(self) -> None:
        """With the keys that it had."""
        self.kill()
        for name in _TYPES:
            (self._directory / f"{name}.former").rename(self._directory / name)
        self.start()

    def _make_key(self, name: str) -> None:
        kind = name if name in _TYPES else "ed25519"
        line = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(self._directory / name)]
        (self._directory / f"{name}.pub").unlink(missing_ok=True)
        subprocess.run(line, check=True, timeout=60, stdin=subprocess.DEVNULL)

    def _public(self, name: str) -> str:
        return (self._directory / f"{name}.pub").read_text()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, self.port), timeout=1):
            return True
        return False


class SharedDirectory:
    """What a file server would show: each container that mounts the volume has this directory there."""

    repository: Mapping[str, object] = {"volume": {"name": "files"}}
    secrets: Mapping[str, str] = {}

    def __init__(self, directory: Path) -> None:
        self.store = directory

    def volumes(self, kind: str) -> Mapping[str, Any]:
        """As a stack file has it."""
        if kind == "kubernetes":
            return {"files": {"size": "1Gi", "storage_class": "files"}}
        options = {"type": "nfs", "o": "addr=192.0.2.20,rw", "device": ":/exports/files"}
        return {"files": {"size": "1Gi", "driver": "local", "options": options}}

    def start(self) -> None:
        """It is there."""

    def kill(self) -> None:
        """It stays."""
