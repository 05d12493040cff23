"""How a copy is received, and given to the server on trial: byte by byte, without servers."""

import io
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.copies.files.copies_repository import Broken, Copy, Failed
from components.redis_sentinel.files.copies_source import Group, databases, receive
from components.redis_sentinel.files.feed import Feed
from components.redis_sentinel.files.resp import Connection, ReplyError, encoded
from drills.waiting import wait_for

MARK = b"m" * 40
CONTENT = b"REDIS0011" + bytes(range(256)) * 900 + MARK[:39] + b"end"


def received(answer: bytes, chunk: int = 7000) -> bytes:
    """What is written of what a server sends, in pieces."""

    class Pieces(io.RawIOBase):
        def __init__(self) -> None:
            self._left = answer

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part = self._left[: min(chunk, len(buffer))]
            self._left = self._left[len(part) :]
            buffer[: len(part)] = part
            return len(part)

    sender = SimpleNamespace(reader=io.BufferedReader(Pieces()))
    written: list[bytes] = []
    receive(cast(Connection, sender), written.append)
    return b"".join(written)


@pytest.mark.parametrize("chunk", [1000, 7000, len(CONTENT)])
def test_a_copy_is_received_by_its_length_and_by_its_end(chunk: int) -> None:
    assert received(b"\n\n$%d\r\n" % len(CONTENT) + CONTENT, chunk) == CONTENT
    assert received(b"\n$EOF:" + MARK + b"\r\n" + CONTENT + MARK, chunk) == CONTENT


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b"$%d\r\n" % (len(CONTENT) + 5) + CONTENT, ConnectionError, "5 bytes are missing"),
        (b"$EOF:" + MARK + b"\r\n" + CONTENT, ConnectionError, "before the end of the copy"),
        (b"-NOMASTERLINK Can't SYNC\r\n", ReplyError, "NOMASTERLINK"),
        (b"", ConnectionError, "no copy"),
        (b"+OK\r\n", ConnectionError, "no copy"),
    ],
)
def test_a_copy_that_breaks_off_is_none(answer: bytes, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        received(answer)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Replica:
    """What asks a feed."""

    def __init__(self, port: int, password: str = "word") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._reader = self._socket.makefile("rb")
        self.login = self.ask("AUTH", "default", password)

    def ask(self, *words: str) -> bytes:
        self._socket.sendall(encoded(words))
        return self._reader.readline()

    def copy(self) -> bytes:
        self.ask("PING")
        assert self.ask("REPLCONF", "listening-port", "6379") == b"+OK\r\n"
        assert self.ask("PSYNC", "?", "-1").startswith(b"+FULLRESYNC ")
        size = int(self._reader.readline()[1:])
        return self._reader.read(size)

    def close(self) -> None:
        self._reader.close()
        self._socket.close()


def feed(port: int, data: Iterator[bytes]) -> Feed:
    return Feed(port, password="word", size=len(CONTENT), data=data, tls=None, host="127.0.0.1")


def test_the_feed_gives_its_copy_once_and_to_who_knows_the_password(port: int) -> None:
    with feed(port, iter([CONTENT[:100], CONTENT[100:]])) as given:
        stranger = Replica(port, "guess")
        assert stranger.login.startswith(b"-WRONGPASS")
        assert stranger.ask("PSYNC", "?", "-1").startswith(b"-NOAUTH")
        stranger.close()
        replica = Replica(port)
        assert replica.copy() == CONTENT
        wait_for("all is sent", lambda: given.sent, seconds=120)
        assert (given.refused, given.error) == (False, None)
        replica.close()
        again = Replica(port)
        assert again.ask("PSYNC", "?", "-1") == b""
        assert given.refused, "it came again: it did not take it"


def test_the_feed_says_why_there_is_no_more(port: int) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:100]
        raise Broken("it is not what was copied")

    with feed(port, broken()) as given:
        replica = Replica(port)
        assert replica.copy() == CONTENT[:100]
        wait_for("the fault is known", lambda: given.error is not None, seconds=120)
        assert not given.sent
        assert str(given.error) == "it is not what was copied"
        replica.close()


def test_keys_of_all_databases_are_counted() -> None:
    told = {"# Keyspace": "", "db0": "keys=5,expires=1,avg_ttl=0", "db11": "keys=2,expires=0,avg_ttl=0"}
    server = SimpleNamespace(info=lambda _: told)
    assert databases(cast(Connection, server)) == {0: 5, 11: 2}


def group(**told: Any) -> Group:
    return Group({"members": ["m0", "m1", "m2"], "user": "u", "trial": "127.0.0.1", "copier": "c", "feed": 1} | told,
                 {"password": "p", "trial": "t"}, None)  # fmt: skip


class Member:
    """An answer to INFO."""

    def __init__(self, **told: str) -> None:
        self._told = told

    def __enter__(self) -> "Member":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def info(self, _: str) -> dict[str, str]:
        return self._told


MASTER = Member(role="master")


def replica(offset: int, link: str = "up") -> Member:
    return Member(role="slave", master_link_status=link, slave_repl_offset=str(offset))


@pytest.mark.parametrize(
    ("members", "chosen"),
    [
        ([MASTER, replica(10), replica(20)], ("m2", False)),
        ([replica(30), MASTER, replica(20, "down")], ("m0", False)),
        ([MASTER, replica(10, "down"), None], ("m0", True)),
        ([MASTER, None, None], ("m0", True)),
    ],
)
def test_the_furthest_replica_is_copied(
    monkeypatch: pytest.MonkeyPatch, members: list[Member | None], chosen: tuple[str, bool]
) -> None:
    def member(host: str) -> Member:
        if (found := members[int(host[1:])]) is None:
            raise OSError("away")
        return found

    one = group()
    monkeypatch.setattr(one, "_member", member)
    assert one._chosen() == chosen


def test_without_a_member_there_is_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(host: str) -> Member:
        raise OSError(f"nobody at {host}")

    one = group()
    monkeypatch.setattr(one, "_member", away)
    with pytest.raises(Failed, match="no member is in reach: m2: nobody at m2"):
        one._chosen()
    with pytest.raises(Failed, match="no member is the master"):
        one._master()


def test_a_trial_that_does_not_answer_says_nothing_about_the_copy(port: int) -> None:
    began = time.monotonic()
    with pytest.raises(Failed, match=r"the server on trial, 127\.0\.0\.1, does not answer") as raised:
        group(feed=port).verify(Copy("20260131-023000", 1, 2, bytes=1), iter([b"x"]))
    assert not isinstance(raised.value, Broken)
    assert time.monotonic() - began < 5
