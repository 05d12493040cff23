"""Where the process stands: what differs between a container and a bare process."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """Addresses, files and directories. The ports are those inside a container: below 1024 would need a capability."""

    bind_address: str = ""
    """Address to listen on; empty: all."""
    http_port: int = 8080
    https_port: int = 8443
    status_port: int = 8404
    first_tcp_port: int = 10_000
    """Of the TCP routes: the others follow."""
    config_file: str
    certificate_file: str
    runtime_directory: str
    """Writable, for what the process keeps while it runs (a socket for commands)."""
    nameservers: tuple[str, ...] = ()
    """`address:port`; empty: those of /etc/resolv.conf, which both platforms provide."""

    def tcp_ports(self, names: Iterable[str]) -> dict[str, int]:
        """The port of each TCP route, in the order of the alphabet: that of the stack file means nothing."""
        return {name: self.first_tcp_port + index for index, name in enumerate(sorted(names))}
