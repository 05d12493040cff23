"""The poolers of a primary wait while another member takes its place: their clients' transactions end, new ones queue.

Runs where `switchover.py` does, with `psql` of the servers' image. Nobody depends on it: a pooler that cannot be asked
is passed over, and one that nobody tells to go on does so by itself (`pooler.sh`).
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

PORT = 5432
CONNECT_SECONDS = 2
ANSWER_SECONDS = 5


class Poolers(NamedTuple):
    """Their console, as `user`."""

    host: str
    """The name in their certificate."""
    replicas: str
    """A name that resolves to each of them."""
    seconds: int
    """The most that a change waits for transactions to end."""
    user: str
    password: str
    psql: str
    ca: str
    """The file of the authority of their certificate."""

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Afterwards they lead to whoever is the primary then, or wait for one."""
        addresses = self.addresses()
        try:
            self._pause(addresses)
            yield
        finally:
            self.each(addresses, ("RESUME",), ANSWER_SECONDS)

    def _pause(self, addresses: list[str]) -> None:
        began = time.monotonic()
        paused = self.each(addresses, ("PAUSE",), self.seconds)
        took = time.monotonic() - began
        print(f"{len(paused)} of {len(addresses)} poolers paused in {took:.1f} s", file=sys.stderr, flush=True)

    def each(self, addresses: list[str], commands: tuple[str, ...], seconds: float) -> dict[str, str]:
        """Address -> what it says, at once, of those that do as told; the log says why others do not."""

        def tell(address: str) -> str | None:
            try:
                return self._tell(address, commands, seconds)
            except OSError as why:
                print(f"pooler {address}: {why}", file=sys.stderr, flush=True)
                return None

        with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
            said = [*pool.map(tell, addresses)]
        return {address: text for address, text in zip(addresses, said, strict=True) if text is not None}

    def _tell(self, address: str, commands: tuple[str, ...], seconds: float) -> str:
        """What it says: tables with names, their cells parted by tabs. Raises OSError."""
        words = {"host": self.host, "hostaddr": address, "port": PORT, "user": self.user, "dbname": "pgbouncer"}
        words |= {"sslmode": "verify-full", "sslrootcert": self.ca, "connect_timeout": CONNECT_SECONDS}
        line = [self.psql, "-XAq", "-F", "\t", "-d", " ".join(f"{key}='{value}'" for key, value in words.items())]
        line += [part for command in commands for part in ("-c", command)]
        env = os.environ | {"PGPASSWORD": self.password}
        try:
            # Killed, not interrupted: that would end the pause, and those who have waited have not lost anything yet.
            done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise OSError(f"{commands[0]} is not done after {seconds:g} s") from None
        if done.returncode:
            raise OSError(" ".join(done.stderr.split()) or f"psql ended with {done.returncode}")
        return done.stdout

    def addresses(self) -> list[str]:
        """Of those that are ready."""
        try:
            found = socket.getaddrinfo(self.replicas, PORT, type=socket.SOCK_STREAM)
        except OSError:
            return []
        return sorted({str(address[0]) for *_, address in found})
