"""Ports of tests: no two processes, and no two servers of one, have the same."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.loopback import free_port, free_ports

_ROOT = Path(__file__).resolve().parents[1]
_OTHER = "from tests.loopback import free_ports; print(*free_ports(250), flush=True); input()"


def test_a_port_comes_again_only_after_all_others() -> None:
    seen = [free_port() for _ in range(100)]
    assert len({*seen}) == 100


def test_several_are_in_a_row() -> None:
    for count in (1, 3, 40):
        found = free_ports(count)
        assert found == [*range(found[0], found[0] + count)]


def test_what_somebody_listens_at_is_not_free_at_any_address() -> None:
    with socket.create_server(("127.0.0.77", free_port())) as taken:
        port = taken.getsockname()[1]
        assert port not in {free_port() for _ in range(300)}


def test_two_processes_have_none_in_common_and_the_kernel_hands_out_none() -> None:
    command = [sys.executable, "-c", _OTHER]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        theirs = {int(port) for port in other.stdout.readline().split()}
        ours = {free_port() for _ in range(250)}
        other.communicate("\n")
    assert len(theirs) == 250
    assert not theirs & ours
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(theirs | ours) < lowest
