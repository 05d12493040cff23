"""What stands in for squid: of its configuration it follows where it listens, and who may ask for what.

python3 squid.py squid -N -f squid.conf
"""

import ipaddress
import os
import signal
import socket
import socketserver
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


class Squid:
    """`text` is its configuration."""

    def __init__(self, text: str) -> None:
        self.port = 0
        self.access: list[tuple[str, str]] = []
        self.lists: dict[str, tuple[str, list[str]]] = {}
        for line in text.splitlines():
            match line.split():
                case ["http_port", port]:
                    self.port = int(port)
                case ["acl", name, kind, *values]:
                    self.lists.setdefault(name, (kind, []))[1].extend(values)
                case ["http_access", verdict, name]:
                    self.access.append((verdict, name))

    def serve(self) -> None:
        squid = self

        class Request(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                url = urlsplit(self.rfile.readline().split()[1].decode())
                status = squid.status(url.hostname or "", url.port or 80, url.geturl())
                self.wfile.write(f"HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())

        socketserver.ThreadingTCPServer(("", self.port), Request).serve_forever()

    def status(self, host: str, port: int, url: str) -> int:
        """Of a request."""
        if not self.allows(host, port):
            return 403
        try:
            with urllib.request.urlopen(url, timeout=1) as response:
                return int(response.status)
        except OSError:
            return 503

    def allows(self, host: str, port: int) -> bool:
        """The first rule that matches decides."""
        address = ipaddress.ip_address(socket.gethostbyname(host))
        for verdict, name in self.access:
            if name == "all" or self._matches(name.removeprefix("!"), address, port) != name.startswith("!"):
                return verdict == "allow"
        return False

    def _matches(self, name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bool:
        kind, values = self.lists[name]
        if kind == "port":
            return str(port) in values
        return any(address in ipaddress.ip_network(value) for value in values)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the first process of a container has no default
    *_, configuration = sys.argv
    Squid(Path(configuration).read_text()).serve()
