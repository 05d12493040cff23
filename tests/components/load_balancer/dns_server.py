"""A DNS server on loopback that answers what the test says: what the platforms' DNS does for replicas."""

import socket
import struct
import threading
from types import TracebackType

_A = 1
_NAME_ERROR = 3


class DnsServer:
    """`records` maps a name to its IPv4 addresses; it may change while the server runs."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def nameserver(self) -> str:
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> "DnsServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                query, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        name, end = _name(query, 12)
        (kind,) = struct.unpack_from("!H", query, end)
        addresses = self.records.get(name)
        answers = addresses if addresses and kind == _A else []
        flags = 0x8180 | (_NAME_ERROR if addresses is None else 0)
        header = query[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0)
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", _A, 1, 1, 4) + socket.inet_aton(address) for address in answers
        )
        return header + query[12 : end + 4] + records


def _name(packet: bytes, start: int) -> tuple[str, int]:
    labels = []
    position = start
    while length := packet[position]:
        labels.append(packet[position + 1 : position + 1 + length].decode())
        position += 1 + length
    return ".".join(labels).lower(), position + 1
