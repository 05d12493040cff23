"""Where the process stands: what differs between a container and a bare process."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """Addresses and directories. The defaults are the container's; ports below 1024 would need a capability."""

    bind_address: str = ""
    """Address to listen on; empty: all."""
    http_port: int = 8080
    https_port: int = 8443
    status_port: int = 8404
    config_file: str = "/etc/haproxy-config/haproxy.cfg"
    certificate_file: str = "/etc/haproxy-tls/site.pem"
    runtime_directory: str = "/tmp"
    """Writable, for the socket of the run-time commands."""
    nameservers: tuple[str, ...] = ()
    """`address:port`; empty: those of /etc/resolv.conf, which both platforms provide."""


CONTAINER = Place()
"""Inside a container of either platform."""
