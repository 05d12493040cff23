"""A Redis group as a copier sees it: a copy is what a replica is sent for its first synchronisation (an RDB).

It is tried in a server of the members' own image that nobody else uses (`trial`): it follows this program for the time
of one transfer, and checks the values of all types. From there keys get into the group by its master, one by one.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from components.copies.files.copies_repository import Broken, Copy, Failed
from components.redis_sentinel.files.feed import Feed
from components.redis_sentinel.files.resp import Connection, ReplyError

PORT = 6379
CHUNK = 2**16
SILENCE_SECONDS = 60
"""A server that forks answers again within this time, whatever it has."""
POLL_SECONDS = 0.2
NOTICE_SECONDS = 60
"""For the server on trial to follow, and to answer again after it has got all."""
BATCH = 20
"""Values that are held here at the same time."""
TENTH = 10
Json = dict[str, Any]


class Group:
    """What `source.json` tells: addresses; `secrets.json`: the user's password, and that of the server on trial."""

    def __init__(self, told: Mapping[str, Any], secrets: Mapping[str, str], tls: "Tls | None") -> None:
        self._members: list[str] = list(told["members"])
        self._user, self._password = str(told["user"]), secrets["password"]
        self._trial_host, self._trial_password = str(told["trial"]), secrets["trial"]
        self._own_host, self._feed_host, self._feed_port = told["copier"], told.get("listen", ""), int(told["feed"])
        self._replicas = len(self._members) - 1
        self._tls = tls

    def take(self, write: Callable[[bytes], None]) -> Json:
        """From the replica that has most of the log; from the master where there is none, and then it says so."""
        host, primary = self._chosen()
        if primary and self._replicas:
            print(f"copies: no replica is in reach: the copy is taken from the master, {host}", flush=True)
        with self._member(host) as asked, self._member(host) as sender:
            before = keys(asked)
            # The server ends the connection after it, and does not wait for acknowledgements.
            sender.ask("REPLCONF", "rdb-only", "1")
            sender.ask("REPLCONF", "capa", "eof")
            sender.wait(SILENCE_SECONDS)
            sender.send("SYNC")
            receive(sender, write)
            after = keys(asked)
            facts = {"from": host, "primary": primary, "before": before, "after": after}
            return facts | {"version": server_version(asked)}

    def verify(self, copy: Copy, data: Iterator[bytes]) -> None:
        """Raises Broken where a server does not take it, or has another number of keys than there were."""
        try:
            self.load(copy, data)
        finally:
            self.clear()

    def load(self, copy: Copy, data: Iterator[bytes]) -> None:
        """Into the server on trial."""
        self.clear(must=True)
        server_side = self._tls.server if self._tls else None
        feed = Feed(
            self._feed_port,
            password=self._trial_password,
            size=copy.bytes,
            data=data,
            tls=server_side,
            host=self._feed_host,
        )
        with feed, self._trial() as trial:
            trial.ask("REPLICAOF", self._own_host, self._feed_port)
            self._follow(trial, feed)
            found = keys(trial)
            trial.ask("REPLICAOF", "NO", "ONE")
        least, most = sorted((copy.facts["before"], copy.facts["after"]))
        room = max(TENTH, most // TENTH)
        if not least - room <= found <= most + room:
            raise Broken(f"it has {found} keys, and the server that was copied had {least} to {most}")

    def held(self) -> str:
        """As the master has it."""
        with self._master() as master:
            there = keys(master)
        return f"{there} keys" if there else ""

    def restore(self, copy: Copy) -> str:
        """Keys with their time to live, and functions. Raises Failed where not all got there: what was there is gone
        then, and the same order begins again."""
        count = 0
        with self._trial() as trial, self._master() as master:
            numbers = databases(trial)
            try:
                master.ask("FLUSHALL", "ASYNC")  # clients wait no longer than for any command
                functions = trial.ask("FUNCTION", "DUMP")
                if functions:
                    master.ask("FUNCTION", "RESTORE", functions, "FLUSH")
                for number in numbers:
                    trial.ask("SELECT", number)
                    master.ask("SELECT", number)
                    count += self._pump(trial, master)
                if self._replicas:
                    master.ask("WAIT", 1, SILENCE_SECONDS * 500)
            except ReplyError as error:
                raise Failed(
                    f"the master refused after {count} keys: {error}; restore {copy.label} again when it takes writes"
                ) from None
            except OSError as error:
                raise Failed(f"the master went away after {count} keys: {error}; restore {copy.label} again") from None
        return f"{count} keys"

    def clear(self, *, must: bool = False) -> None:
        """Also of what an earlier run left there."""
        try:
            with self._trial() as trial:
                trial.ask("REPLICAOF", "NO", "ONE")
                trial.ask("FLUSHALL")
                trial.ask("FUNCTION", "FLUSH")
        except OSError as error:
            if must:
                raise Failed(f"the server on trial, {self._trial_host}, does not answer: {error}") from None

    def _follow(self, trial: Connection, feed: Feed) -> None:
        """Returns when the server has all. Raises Broken, Failed."""
        moved = time.monotonic()
        while True:
            if feed.error is not None:
                raise feed.error
            try:
                told = trial.info("replication")
            except OSError as error:
                if feed.sent:
                    raise Broken(f"the server on trial ended when it had got all: {error}") from None
                raise Failed(f"the server on trial went away: {error}") from None
            if feed.refused:
                raise Broken("the server on trial did not take it, and its log says why")
            if feed.sent and told.get("master_link_status") == "up":
                return
            # The bytes that are left tell that it goes on.
            if feed.sent or "master_sync_left_bytes" not in told:
                if time.monotonic() - moved > NOTICE_SECONDS:
                    raise Failed(f"the server on trial did not follow within {NOTICE_SECONDS} s")
            else:
                moved = time.monotonic()
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _pump(trial: Connection, master: Connection) -> int:
        count, cursor = 0, b"0"
        while True:
            cursor, names = trial.ask("SCAN", cursor, "COUNT", 500)
            for first in range(0, len(names), BATCH):
                batch = names[first : first + BATCH]
                values = trial.ask_all([("DUMP", name) for name in batch])
                ends = trial.ask_all([("PEXPIRETIME", name) for name in batch])
                restored = [
                    ("RESTORE", name, max(end, 0), value, "REPLACE", "ABSTTL")
                    for name, value, end in zip(batch, values, ends, strict=True)
                    if value is not None
                ]
                master.ask_all(restored)
                count += len(restored)
            if cursor == b"0":
                return count

    def _chosen(self) -> tuple[str, bool]:
        """A member, and whether it is the master. Raises Failed."""
        replicas: list[tuple[int, str]] = []
        masters, why = [], ""
        for host in self._members:
            try:
                with self._member(host) as member:
                    told = member.info("replication")
            except OSError as error:
                why = f"{host}: {error}"
                continue
            if told["role"] == "master":
                masters.append(host)
            elif told["master_link_status"] == "up":
                replicas.append((int(told["slave_repl_offset"]), host))
        if replicas:
            return max(replicas)[1], False
        if masters:
            return masters[0], True
        raise Failed(f"no member is in reach: {why or 'the replicas have lost their master'}")

    def _master(self) -> Connection:
        """Raises Failed where none says that it is the master, or several do."""
        found = []
        for host in self._members:
            with suppress(OSError), self._member(host) as member:
                if member.info("replication")["role"] == "master":
                    found.append(host)
        if len(found) != 1:
            raise Failed("no member is the master" if not found else "several members say that they are the master")
        master = self._member(found[0])
        master.wait(SILENCE_SECONDS)
        return master

    def _member(self, host: str) -> Connection:
        client = self._tls.client if self._tls else None
        return Connection(host, PORT, user=self._user, password=self._password, tls=client)

    def _trial(self) -> Connection:
        client = self._tls.client if self._tls else None
        return Connection(
            self._trial_host, PORT, user="default", password=self._trial_password, tls=client, seconds=SILENCE_SECONDS
        )


class Tls:
    """Both sides, by certificates of the group's own authority."""

    def __init__(self, place: Path) -> None:
        self.client = ssl.create_default_context(cafile=str(place / "ca.pem"))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(place / "identity.pem")


def of(place: Path) -> Group:
    """As the files there say."""
    source = place / "source"
    told, secrets = (json.loads((source / f"{name}.json").read_text()) for name in ("source", "secrets"))
    return Group(told, secrets, Tls(source) if told["tls"] else None)


def receive(sender: Connection, write: Callable[[bytes], None]) -> None:
    """What follows SYNC: a length and so many bytes, or bytes until a mark. Raises OSError, ReplyError."""
    line = b"\n"
    while line == b"\n":  # it lives, and still forks
        line = sender.reader.readline()
    if line.startswith(b"-"):
        raise ReplyError(line[1:].decode(errors="replace").strip())
    if not line.startswith(b"$"):
        raise ConnectionError(f"no copy, but {line[:40]!r}")
    if not line.startswith(b"$EOF:"):
        left = int(line[1:])
        while left:
            chunk = sender.reader.read1(min(CHUNK, left))
            if not chunk:
                raise ConnectionError(f"the server closed the connection, and {left} bytes are missing")
            write(chunk)
            left -= len(chunk)
        return
    mark, tail = line[5:].strip(), b""
    while True:
        chunk = sender.reader.read1(CHUNK)
        if not chunk:
            raise ConnectionError("the server closed the connection before the end of the copy")
        tail += chunk
        if tail.endswith(mark):
            write(tail[: -len(mark)])
            return
        write(tail[: -len(mark)])
        tail = tail[-len(mark) :]


def databases(server: Connection) -> dict[int, int]:
    """Number -> keys."""
    found = {name: told for name, told in server.info("keyspace").items() if name.startswith("db")}
    return {int(name[2:]): int(told.split(",")[0].partition("=")[2]) for name, told in found.items()}


def keys(server: Connection) -> int:
    """In all databases."""
    return sum(databases(server).values())


def server_version(server: Connection) -> str:
    """Of Valkey, which also says which Redis it is like, or of Redis."""
    told = server.info("server")
    return f"valkey {told['valkey_version']}" if "valkey_version" in told else f"redis {told['redis_version']}"
