"""An HTTP/2 client, frame by frame (RFC 9113): bodies of no announced length, long heads, WebSockets."""

import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
ENABLE_CONNECT_PROTOCOL = 8
_FRAME = 16_384


class Frame(NamedTuple):
    """One frame as it came."""

    kind: int
    flags: int
    stream: int
    payload: bytes


class Http2:
    """One connection. `settings` are the server's, once a frame after them was read."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        self._reader = connection.makefile("rb")
        self.settings: dict[int, int] = {}
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0, b"")
        while not self.settings:
            self._read()

    def send(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """One frame."""
        self._connection.sendall(struct.pack("!IBI", len(payload) << 8 | kind, flags, stream) + payload)

    def request(self, stream: int, headers: Iterable[tuple[str, str]], *, end: bool) -> None:
        """A head, in as many frames as it takes; `end`: nothing follows."""
        block = b"".join(_literal(name, value) for name, value in headers)
        parts = [block[at : at + _FRAME] for at in range(0, len(block), _FRAME)]
        for index, part in enumerate(parts):
            flags = (END_STREAM if end and index == 0 else 0) | (END_HEADERS if part is parts[-1] else 0)
            self.send(CONTINUATION if index else HEADERS, flags, stream, part)

    def frames(self, stream: int) -> Iterator[Frame]:
        """What comes for `stream` until it, or the connection, ends; not how much may be sent."""
        while True:
            frame = self._read()
            if frame.kind == GOAWAY:
                yield frame
                return
            if frame.stream != stream or frame.kind == WINDOW:
                continue
            yield frame
            if frame.kind == RESET or (frame.kind in (DATA, HEADERS) and frame.flags & END_STREAM):
                return

    def _read(self) -> Frame:
        head = self._reader.read(9)
        assert len(head) == 9, "the connection ended"
        length, kind, flags, stream = struct.unpack("!IBBI", b"\0" + head)
        frame = Frame(kind, flags, stream, self._reader.read(length))
        if kind == SETTINGS and not flags & ACK:
            self.settings |= dict(struct.iter_unpack("!HI", frame.payload)) or {0: 0}
            self.send(SETTINGS, ACK, 0, b"")
        if kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, frame.payload)
        return frame


@contextmanager
def connected(url: str) -> Iterator[Http2]:
    """A connection to the HTTPS `url`, whatever its certificate."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as raw,
        context.wrap_socket(raw) as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"
        yield Http2(connection)


def head(method: str, path: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The usual pseudo-headers, and more."""
    return [(":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost"), *more]


def _literal(name: str, value: str) -> bytes:
    """HPACK (RFC 7541, 6.2.2): a literal without indexing and without Huffman's code."""
    return b"\0" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    prefix, rest = [127], len(data) - 127
    while rest >= 128:
        prefix.append(rest % 128 + 128)
        rest //= 128
    return bytes([*prefix, rest]) + data
