"""A copy as a replica takes it: for one transfer this is the master that a server on trial follows."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_ID = b"0" * 40


class Feed:
    """While it is open, the first server that asks for a copy with the password gets `size` bytes of `data`."""

    def __init__(
        self, port: int, *, password: str, size: int, data: Iterator[bytes], tls: ssl.SSLContext | None, host: str = ""
    ) -> None:
        self._listener = socket.create_server((host, port))
        self._password, self._size, self._data, self._tls = password.encode(), size, data, tls
        self.error: Exception | None = None
        """Why it was not all there."""
        self.sent = False
        self.refused = False
        """The server broke off, or asked again when it had got all."""
        self._began = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: list[socket.socket] = []

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(10)

    def _serve(self) -> None:
        """Until its listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            try:
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                    self._open.append(connection)
                self._talk(connection)
            except OSError:  # it comes again
                pass
            finally:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)  # its reader would keep it open
                connection.close()

    def _talk(self, connection: socket.socket) -> None:
        reader, known = connection.makefile("rb"), False
        while words := _command(reader):
            match words[0].upper():
                case b"AUTH":
                    known = words[-1] == self._password
                    connection.sendall(b"+OK\r\n" if known else b"-WRONGPASS\r\n")
                case b"REPLCONF" if words[1].upper() == b"ACK":
                    continue
                case b"PSYNC" | b"SYNC" if known:
                    if self._began:
                        self.refused = True
                        return
                    self._began = True
                    connection.sendall(b"+FULLRESYNC %b 0\r\n$%d\r\n" % (_ID, self._size))
                    self._send(connection)
                case b"PING" if known:
                    connection.sendall(b"+PONG\r\n")
                case _:
                    connection.sendall(b"+OK\r\n" if known else b"-NOAUTH Authentication required.\r\n")

    def _send(self, connection: socket.socket) -> None:
        while True:
            try:
                chunk = next(self._data, b"")
            except Exception as error:
                self.error = error
                raise ConnectionError("there is no more") from None
            if not chunk:
                break
            connection.sendall(chunk)
        self.sent = True


def _command(reader: Any) -> list[bytes]:
    """The next one; empty where there is none."""
    line = reader.readline()
    if not line.startswith(b"*"):
        return []
    words = []
    for _ in range(int(line[1:])):
        size = int(reader.readline()[1:])
        words.append(reader.read(size + 2)[:-2])
    return words
