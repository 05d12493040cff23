"""Addresses on loopback for servers whose ports are fixed."""

import os


def own_network() -> str:
    """The first three numbers of addresses that no other test process on this machine uses."""
    pid = os.getpid()
    return f"127.{20 + pid % 200}.{pid // 200 % 250}"
