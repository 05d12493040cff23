"""Takes the leader lock from a primary that is gone, before its time is up: `failover.release_after`.

A lost primary keeps the lock for `ttl`, at least 20 s. The replicas need not wait for that where a write is
acknowledged only when a synchronous replica has it. Each of them looks at the primary, four times in the time that is
set, and at least once a second. One that got no
answer from PostgreSQL and none from Patroni for the time that is set, and whose own server received nothing from the
primary meanwhile, votes: a key in the store, under a lease. With the votes of most members one transaction removes the
lock. Patroni then elects as it always does: only a replica that the key `sync` names.

Why no acknowledged write is lost, even if the primary lives and only this side cannot see it: before it acknowledges
with others than `sync` names it changes `sync`, and Patroni changes that key only if it still is as it read it. The
transaction demands `sync` as it was read here, and writes it again, so that whatever the primary read before is out of
date. From then on the primary sees that the lock is gone, and takes it back before anybody else does: then nothing
happened. Or it waits for a replica that no longer follows it, until it finds out. Without `synchronous` it would go on
to acknowledge.

Patroni of a replica keeps to one member of the store, also for what it watches. If that one is lost with the primary's
host, Patroni finds out in its next loop, up to `loop_wait` later, and asks the next one after a time-out. So while a
primary does not answer, and while nobody leads, each replica's Patroni is told to begin a loop, at each look.
"""

import base64
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

MOST_SECONDS = 1.0
"""The longest time between two looks; as long each waits for an answer."""
LOOKS = 4
"""So many in the time that is set: one answer that is late is no silence."""
STORE_SECONDS = 1.5
"""How long one member of the store may take."""
VOTE_SECONDS = 5
"""Life of a vote that is not repeated: etcd takes no lease below 2 s."""
HELLOS = {"postgres": bytes((0, 0, 0, 8, 4, 210, 22, 48)), "patroni": b"GET /liveness HTTP/1.0\r\n\r\n"}
"""What each server answers before anybody logs in: a GSSENCRequest, and a health check. A server that nobody answers
after an SSLRequest writes that to its log. A Patroni that encrypts answers the second one by closing the connection:
its own threads do that, too."""
HEARD = "SELECT count(*) FROM pg_stat_wal_receiver WHERE last_msg_receipt_time > now() - interval '{} s'"

Json = dict[str, Any]


class View(NamedTuple):
    """The cluster, as the store has it. Revisions are etcd's: of each key's last change."""

    leader: str
    leader_revision: int
    sync: str
    """As it is written."""
    sync_revision: int
    addresses: tuple[tuple[str, str, int], ...]
    """Of the leader: the server's kind, its host and port."""
    members: int
    paused: bool
    ttl: float

    @property
    def needs(self) -> int:
        """Votes: of most members, the primary among them."""
        return self.members // 2 + 1

    @property
    def may_be_replaced(self) -> bool:
        """Somebody has every acknowledged write."""
        state = json.loads(self.sync) if self.sync else {}
        return bool(state.get("leader") == self.leader and state.get("sync_standby"))


class Store:
    """etcd's JSON API, with this member's certificate. The address that answered last is asked first."""

    def __init__(self, hosts: Sequence[str], context: ssl.SSLContext) -> None:
        self._hosts = [*hosts]
        self._context = context

    def call(self, path: str, body: Json) -> Json:
        """Raises OSError where no address answers."""
        said: Exception | None = None
        for _ in self._hosts:
            try:
                return self._ask(self._hosts[0], path, body)
            except (OSError, ValueError, http.client.HTTPException) as error:
                said = error
                self._hosts.append(self._hosts.pop(0))
        raise OSError(f"the store does not answer: {said!r}")

    def _ask(self, address: str, path: str, body: Json) -> Json:
        connection = http.client.HTTPSConnection(address, timeout=STORE_SECONDS, context=self._context)
        try:
            connection.request("POST", f"/v3/{path}", json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"{address} answers {answer.status}: {text[:200]}")
        found: Json = json.loads(text)
        return found

    def below(self, prefix: str) -> dict[str, tuple[str, int]]:
        """Value and revision of every key that begins with `prefix`, by the rest of its name."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        found = self.call("kv/range", {"key": _in(prefix), "range_end": _in(end)})
        return {
            _out(each["key"])[len(prefix) :]: (_out(each.get("value", "")), int(each["mod_revision"]))
            for each in found.get("kvs", [])
        }

    def put(self, key: str, value: str, *, seconds: int) -> None:
        """Kept for so long."""
        lease = self.call("lease/grant", {"TTL": seconds})["ID"]
        self.call("kv/put", {"key": _in(key), "value": _in(value), "lease": lease})

    def release(self, base: str, view: View, votes: Sequence[str]) -> bool:
        """Whether the lock was removed: all is as `view` has it, and every vote still stands."""
        lock, sync = _in(f"{base}leader"), _in(f"{base}sync")
        compare: list[Json] = [
            {"key": lock, "target": "MOD", "result": "EQUAL", "mod_revision": str(view.leader_revision)},
            {"key": sync, "target": "MOD", "result": "EQUAL", "mod_revision": str(view.sync_revision)},
        ]
        for vote in votes:
            compare.append({"key": _in(vote), "target": "CREATE", "result": "GREATER", "create_revision": "0"})
        # `sync` first: whoever sees that the lock is gone has read the new revision.
        steps: list[Json] = [
            {"request_put": {"key": sync, "value": _in(view.sync)}},
            {"request_delete_range": {"key": lock}},
        ]
        return bool(self.call("kv/txn", {"compare": compare, "success": steps}).get("succeeded"))


def _in(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _out(text: str) -> str:
    return base64.b64decode(text).decode()


def view(keys: Mapping[str, tuple[str, int]]) -> View | None:
    """None while nobody has the lock, or its holder has said no address."""
    leader, leader_revision = keys.get("leader", ("", 0))
    member, _ = keys.get(f"members/{leader}", ("", 0))
    if not leader or not member:
        return None
    data = json.loads(member)
    urls = {"postgres": data["conn_url"], "patroni": data["api_url"]}
    config: Json = json.loads(keys.get("config", ("{}", 0))[0])
    sync, sync_revision = keys.get("sync", ("", 0))
    return View(
        leader=leader,
        leader_revision=leader_revision,
        sync=sync,
        sync_revision=sync_revision,
        addresses=tuple((kind, *_address(url)) for kind, url in urls.items()),
        members=sum(1 for name in keys if name.startswith("members/")),
        paused=bool(config.get("pause")),
        ttl=float(config.get("ttl", 30)),
    )


def _address(url: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname or "", parts.port or 0


class Reach:
    """Whether a server gives any sign of life, in so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(max_workers=8)

    def any(self, addresses: Sequence[tuple[str, str, int]]) -> bool:
        """One does, in time. A refused or broken connection is a sign, too: its host lives, and restarts it."""
        asked = [self._threads.submit(self._answers, *address) for address in addresses]
        end = time.monotonic() + self._seconds
        found = False
        for each in asked:
            try:
                found |= each.result(max(0.0, end - time.monotonic()))
            except TimeoutError:
                each.cancel()
        return found

    def _answers(self, kind: str, host: str, port: int) -> bool:
        try:
            # The name of a container goes with it: then its last address is asked.
            self._known[host] = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        except OSError:
            if host not in self._known:
                return True  # nothing is known of it
        try:
            with socket.create_connection((self._known[host], port), self._seconds) as connection:
                connection.sendall(HELLOS[kind])
                connection.recv(1)
        except ConnectionError:
            return True
        except OSError:
            return False
        return True


class Watch:
    """What one member does at each look. `reaches` tells whether addresses answer, and `hears` whether its own server
    got anything from the primary in the last so many seconds."""

    def __init__(
        self,
        store: Store,
        *,
        scope: str,
        name: str,
        seconds: float,
        reaches: Callable[[Sequence[tuple[str, str, int]]], bool],
        hears: Callable[[float], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._name, self._seconds = store, name, seconds
        self._base, self._votes = f"/ha-platform/{scope}/", f"/ha-platform-votes/{scope}/"
        self._reaches, self._hears, self._now = reaches, hears, now
        self._seen: View | None = None
        self._silent: tuple[int, float] | None = None
        """Which lock's holder does not answer, and since when."""
        self._released: tuple[str, float] | None = None
        self._led = False

    @property
    def urgent(self) -> bool:
        """As the last look found it: the lock's holder does not answer, or nobody has the lock any more."""
        return self._silent is not None or (self._led and self._seen is None)

    def look(self) -> str:
        """What is worth a line in the log. Raises OSError where the store does not answer."""
        # Before the store is asked: a lost host may take the store's leader along, and its election takes longer.
        silence = self._silence(self._seen)
        before, self._seen = self._seen, view(self._store.below(self._base))
        self._led |= self._seen is not None
        if (found := self._seen) != before:
            silence = self._silence(found)
        if silence < self._seconds or found is None or not found.may_be_replaced or self._hears(self._seconds):
            return ""
        return self._vote(found)

    def _silence(self, found: View | None) -> float:
        """For how many seconds the lock's holder has not answered; 0 where it does, or is left alone."""
        begun = self._now()
        if (
            found is None
            or found.leader == self._name
            or found.paused
            or self._lives(found)
            or self._reaches(found.addresses)
        ):
            self._silent = None
            return 0.0
        if self._silent is None or self._silent[0] != found.leader_revision:
            self._silent = (found.leader_revision, begun)
        return self._now() - self._silent[1]

    def _lives(self, found: View) -> bool:
        """It took the lock back: it is left alone for as long as a lock lives."""
        return self._released is not None and (
            found.leader == self._released[0] and self._now() - self._released[1] < found.ttl
        )

    def _vote(self, found: View) -> str:
        lock = f"{self._votes}{found.leader_revision}/"
        self._store.put(f"{lock}{self._name}", found.leader, seconds=VOTE_SECONDS)
        votes = sorted(self._store.below(lock))
        if len(votes) < found.needs:
            return f"{found.leader} does not answer: {len(votes)} of {found.needs} votes"
        if not self._store.release(self._base, found, [f"{lock}{vote}" for vote in votes]):
            return ""
        self._released = (found.leader, self._now())
        return f"{found.leader} does not answer {', '.join(votes)}: its lock is released"


def between(seconds: float) -> float:
    """Seconds from one look to the next, where the lock is taken after so many."""
    return min(MOST_SECONDS, seconds / LOOKS)


def hearing(psql: str, directory: str) -> Callable[[float], bool]:
    """Asks the member's own server by its socket. While it does not answer, it may have heard."""

    def hears(seconds: float) -> bool:
        line = [psql, "-h", directory, "-U", "postgres", "-XAtc", HEARD.format(seconds), "postgres"]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=2, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return True
        return done.stdout.strip() != "0"

    return hears


class Waker:
    """Calls `wake` in a thread of its own, for it may wait for the store. A call that is due before the last one has
    ended is made after it, once."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake, self._due = wake, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def due(self) -> None:
        self._due.set()

    def _run(self) -> None:
        while self._due.wait():
            self._due.clear()
            with suppress(Exception):  # the next one may reach it
                self._wake()


def run(name: str, directory: Path, waker: Waker) -> None:
    """Never ends. `directory` has release.json, and below store/ this member's certificates for the store."""
    said: Json = json.loads((directory / "programs/release.json").read_text())
    every = between(said["seconds"])
    context = ssl.create_default_context(cafile=str(directory / "store/ca.pem"))
    context.load_cert_chain(str(directory / "store/identity.pem"))
    watch = Watch(
        Store(said["store"], context),
        scope=said["scope"],
        name=name,
        seconds=said["seconds"],
        reaches=Reach(every).any,
        hears=hearing(said["psql"], said["socket"]),
    )
    last = ""
    while True:
        begun = time.monotonic()
        try:
            line = watch.look()
        except Exception as error:  # the next look may find what this one did not
            line = repr(error)
        if line and line != last:
            print(f"release: {line}", flush=True)
        last = line
        if watch.urgent:
            waker.due()
        time.sleep(max(0.0, begun + every - time.monotonic()))


def start(name: str, directory: Path, wake: Callable[[], object]) -> None:
    """In a thread of its own, beside Patroni. `wake` lets Patroni begin a loop."""
    threading.Thread(target=run, args=(name, directory, Waker(wake)), daemon=True).start()
