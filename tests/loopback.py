"""Addresses and ports on loopback that no other test process on this machine uses."""

import fcntl
import os
import socket
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

_FIRST, _EACH, _BLOCKS = 10_000, 250, 40
"""Ports below those that the kernel hands out, in blocks: of these a process has one until it ends."""
_next = 0


def own_network() -> str:
    """The first three numbers of addresses that no other test process on this machine uses."""
    pid = os.getpid()
    return f"127.{20 + pid % 200}.{pid // 200 % 250}"


def free_port() -> int:
    """A port on which nothing listens, and which nobody else takes until it is used: what the kernel hands out may be
    a client's, or another test's, before a server that starts next has it."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many of them in a row."""
    global _next
    first, _ = _block()
    for _ in range(_EACH):
        start = _next if _next + count <= _EACH else 0
        found = [first + start + number for number in range(count)]
        _next = start + count
        if all(map(_is_free, found)):
            return found
    raise AssertionError(f"{_EACH} ports from {first} on are in use")


def _is_free(port: int) -> bool:
    """At every address."""
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True


@cache
def _block() -> tuple[int, IO[str]]:
    """The first port of this process's block, and the file that says so as long as it is open."""
    place = Path(tempfile.gettempdir()) / "ha-platform-ports"
    place.mkdir(exist_ok=True)
    for number in range(_BLOCKS):
        try:
            file = (place / str(number)).open("w")
        except PermissionError:  # another user's
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        return _FIRST + number * _EACH, file
    raise AssertionError(f"{_BLOCKS} processes have ports of {place}")
