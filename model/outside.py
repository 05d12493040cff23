"""What a word connects to outside the stack."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A TCP port at the addresses of `networks`; without networks at any address."""

    port: int
    networks: tuple[IPv4Network, ...] = ()
