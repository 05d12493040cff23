"""A group whose servers have another address at each start, as containers of a Swarm have, and are known by name."""

import os
import shlex
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import COUNT, PORTS, Group, Server
from tests.live.require import refuse


class MovingGroup(Group):
    """As `Group`, on an overlay network: a server that is killed leaves its address, and who connects there gets no
    answer, not even a refusal. Its name is unknown until `named_after` seconds after it started again (a health check).

    The servers see the names by an /etc/hosts of their own (a mount namespace each), this process by `monkeypatch`.
    """

    def __init__(self, directory: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        if os.geteuid() != 0:
            refuse("needs root: each server has an /etc/hosts of its own")
        self._addresses_of = {(server, ordinal): ordinal + 1 for server in PORTS for ordinal in range(COUNT)}
        self._next = 20
        self._silent: list[socket.socket] = []
        self._hosts = directory / "hosts"
        self._switch = directory / "nsswitch.conf"
        self._switch.write_text("hosts: files\n")
        self._named: set[tuple[Server, int]] = set()
        self._names_change = threading.Lock()
        self.named_after = 0.0
        self._timers: dict[tuple[Server, int], threading.Timer] = {}
        super().__init__(directory, settings)
        self._write_names()
        asked = socket.getaddrinfo

        def by_name(host: Any, *others: Any, **more: Any) -> Any:
            if str(host).startswith("prod-") and host not in self._names():
                raise socket.gaierror(socket.EAI_NONAME, f"{host} is gone")
            return asked(self._names().get(host, host), *others, **more)

        monkeypatch.setattr(socket, "getaddrinfo", by_name)

    def start(self, server: Server, ordinal: int) -> None:
        """Servers have their configuration rewritten, and with it the address that they had."""
        kept = self.volume(server, ordinal) / f"{server}.conf"
        if kept.exists():
            lines = [line for line in kept.read_text().splitlines() if not line.startswith("bind ")]
            own = [f"bind {self.where(server, ordinal)}"] if server == "sentinel" else []
            kept.write_text("\n".join([*lines, *own, ""]))
        super().start(server, ordinal)
        self._timers[server, ordinal] = timer = threading.Timer(self.named_after, self._is_known, (server, ordinal))
        timer.start()

    def kill(self, server: Server, ordinal: int) -> None:
        """Its address is gone with it, and its name; the next start has the next free address."""
        old = self.where(server, ordinal)
        self._timers.pop((server, ordinal)).cancel()
        super().kill(server, ordinal)
        with self._names_change:
            self._named.discard((server, ordinal))
            self._write_names()
        wait_for("the server has ended", lambda: self._silence(old, PORTS[server]), seconds=300, every=0.01)
        self._next += 1
        self._addresses_of[server, ordinal] = self._next
        self._prepare(server, self.found)

    def _silence(self, address: str, port: int) -> bool:
        """Connections to it are taken, and nobody answers."""
        silent = socket.socket()
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            silent.bind((address, port))
            silent.listen(128)
        except OSError:
            silent.close()
            raise
        self._silent.append(silent)
        return True

    def stop(self) -> None:
        super().stop()
        for silent in self._silent:
            silent.close()

    def _is_known(self, server: Server, ordinal: int) -> None:
        with self._names_change:
            self._named.add((server, ordinal))
            self._write_names()

    def where(self, server: Server, ordinal: int) -> str:
        return f"{self._network}.{self._addresses_of.get((server, ordinal), ordinal + 1)}"

    def host(self, server: Server, ordinal: int) -> str:
        return f"prod-sessions-{server}-{ordinal}"

    def _ordinal(self, host: str) -> int:
        return int(host.rsplit("-", 1)[1])

    def _run(self, *command: str) -> list[str]:
        mounts = f"mount --bind {self._hosts} /etc/hosts; mount --bind {self._switch} /etc/nsswitch.conf"
        return ["unshare", "--mount", "sh", "-ec", f"{mounts}; exec {shlex.join(command)}"]

    def addresses(self, text: str) -> str:
        return text

    def _names(self) -> dict[str, str]:
        return {self.host(*one): self.where(*one) for one in self._named}

    def _write_names(self) -> None:
        """In place: it is mounted."""
        text = "".join(f"{address} {name}\n" for name, address in sorted(self._names().items()))
        with self._hosts.open("r+" if self._hosts.exists() else "w") as file:
            file.write(text)
            file.truncate()
