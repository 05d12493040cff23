"""A connection to a Redis server, as its protocol is (RESP2); the standard library alone."""

import socket
import ssl
from collections.abc import Sequence
from typing import Any

Word = str | bytes | int


class ReplyError(OSError):
    """The server said no."""


class Connection:
    """Logged in. Raises OSError where nobody answers in time, or the login is refused."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str,
        password: str,
        tls: ssl.SSLContext | None = None,
        seconds: float = 10,
    ) -> None:
        self._socket = socket.create_connection((host, port), timeout=seconds)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        self.reader = self._socket.makefile("rb")
        try:
            self.ask("AUTH", user, password)
        except OSError:
            self.__exit__()
            raise

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self._socket.close()

    def wait(self, seconds: float) -> None:
        """How long each answer may take from now on."""
        self._socket.settimeout(seconds)

    def send(self, *words: Word) -> None:
        """Without waiting for the answer."""
        self._socket.sendall(encoded(words))

    def ask(self, *words: Word) -> Any:
        """The answer. Raises ReplyError."""
        self.send(*words)
        return self._checked(self._answer())

    def ask_all(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """The answers to several, sent together. Raises ReplyError for the first that the server refused."""
        self._socket.sendall(b"".join(encoded(words) for words in commands))
        answers = [self._answer() for _ in commands]
        return [self._checked(answer) for answer in answers]

    def info(self, section: str) -> dict[str, str]:
        """The lines of a section of INFO."""
        lines = bytes(self.ask("INFO", section)).decode().splitlines()
        return {key: value for key, colon, value in (line.partition(":") for line in lines) if colon}

    @staticmethod
    def _checked(answer: Any) -> Any:
        if isinstance(answer, ReplyError):
            raise answer
        return answer

    def _answer(self) -> Any:
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest
            case b"-":
                return ReplyError(rest.decode(errors="replace"))
            case b":":
                return int(rest)
            case b"$":
                size = int(rest)
                if size < 0:
                    return None
                found = self.reader.read(size + 2)
                if len(found) != size + 2:
                    raise ConnectionError("the server closed the connection")
                return found[:-2]
            case b"*":
                return [self._checked(self._answer()) for _ in range(int(rest))]
            case _:
                raise ConnectionError(f"no answer of Redis: {line[:40]!r}")


def encoded(words: Sequence[Word]) -> bytes:
    """A command."""
    texts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"".join([b"*%d\r\n" % len(texts), *(b"$%d\r\n%b\r\n" % (len(text), text) for text in texts)])
