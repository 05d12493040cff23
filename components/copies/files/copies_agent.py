"""`copies_agent DIRECTORY MODULE`: takes the copies of one store that are due, and has each loaded on trial.

What is due follows from the clock and from what the repository has, so nothing is remembered here. One thing is done at
a time, by one thread: two copies never overlap, nor a copy and a restore. How the store is copied, tried and restored
says the module of its kind: its `Source`.
"""

import importlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from . import clock
from .copies_metrics import metrics
from .copies_repository import FORMAT, Broken, Copy, Failed, Repository
from .copies_target import chosen, older
from .door import METRICS, Door

LOOK_SECONDS = 5
READ_SECONDS = 300
"""How often the repository is asked what it has; what is done here is known at once."""
RETRY_SECONDS = 300
"""After a copy that failed."""
Json = dict[str, Any]


class Late(Exception):
    """The deadline is over."""


class Source(Protocol):
    """A store, as its kind copies it. All raise OSError or Failed where it cannot be done."""

    def take(self, write: Callable[[bytes], None]) -> Json:
        """Writes a copy. Returns what the store said of itself."""

    def verify(self, copy: Copy, data: Iterator[bytes]) -> None:
        """Loads it where nobody else looks, and forgets it. Raises Broken where the copy is not well."""

    def load(self, copy: Copy, data: Iterator[bytes]) -> None:
        """The same, and keeps it there for `restore`."""

    def held(self) -> str:
        """What the store has now that a restore would overwrite; empty: nothing."""

    def restore(self, copy: Copy) -> str:
        """Brings what was loaded into the store, in place of what is there. Returns what it was."""

    def clear(self) -> None:
        """Forgets what was loaded, if it can."""


class Agent:
    """Of one store. Everything that another thread reads is replaced as a whole."""

    def __init__(self, told: Json, repository: Repository, source: Source) -> None:
        self.repository_name: str = told["repository"]
        self._clock = clock.parse(told["schedule"])
        self._keep, self._deadline = int(told["keep"]), int(told["deadline"])
        self._repository, self._source = repository, source
        self.copies: list[Copy] | None = None
        """None: not known yet."""
        self.fault = ""
        """Why the repository cannot be read."""
        self.failed = ""
        """Why the last copy, or its trial, was not done."""
        self.failures = 0
        self.running = ""
        self._began = time.time()
        self._read = self._retry = 0.0
        self._wake = threading.Event()
        self._order: Json | None = None
        self._outcome: Json = {}
        self._number = 0

    def watch(self) -> None:
        """Does not return."""
        while True:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            try:
                self.look()
            except Exception as error:  # whatever it is, the next look may find another world
                say(f"{error!r}")

    def look(self) -> None:
        """Does what was ordered, or what is due."""
        order, self._order = self._order, None
        if order is not None:
            self._outcome = {"number": order["number"], "said": "", "done": False}
            try:
                said, done = self._do(order), True
            except Failed as failed:
                said, done = str(failed), False
            except Exception as error:
                said, done = f"it ended unexpectedly: {error!r}", False
            self.running = ""
            self._outcome = {"number": order["number"], "said": said, "done": done, "ended": True}
            return
        now = time.time()
        if now - self._read > READ_SECONDS:
            self._refresh()
        if self.fault or self.copies is None or now < self._retry:
            return
        if self.due():
            self._try(self._take)
        elif self.copies and not self.copies[-1].verified and not self.copies[-1].failed:
            self._try(lambda: self._verify(self.copies[-1] if self.copies else None))

    def due(self) -> float:
        """Since when there should be a copy; 0: there is."""
        if not self.copies:
            return self._began
        last = self._clock.last(time.time())
        return last if last is not None and self.copies[-1].began < last else 0

    def told(self) -> Json:
        """For people."""
        return {
            "now": time.time(),
            "began": self._began,
            "repository": self.repository_name,
            "running": self.running,
            "fault": self.fault,
            "failed": self.failed,
            "due": self.due() if self.copies is not None else 0,
            "copies": [one._asdict() for one in self.copies or ()],
            "outcome": self._outcome,
        }

    def order(self, body: Json) -> int:
        """Its number. Raises Failed while another one waits."""
        if self._order is not None:
            raise Failed("another order waits; look again when it has been done")
        self._number += 1
        self._order = body | {"number": self._number}
        self._wake.set()
        return self._number

    def _do(self, order: Json) -> str:
        self._refresh()
        if self.fault:
            raise Failed(f"repository {self.repository_name}: {self.fault}")
        if order["order"] == "take":
            copy = self._timed(self._take)
            return f"{copy.label} in {self.repository_name}, verified"
        return self._restore(str(order.get("to", "")), overwrite=bool(order.get("overwrite")))

    def _try(self, what: Callable[[], object]) -> None:
        try:
            self._timed(what)
            self.failed = ""
        except Failed as failed:
            self.failures += 1
            self._retry = time.time() + RETRY_SECONDS
            self.failed = str(failed)
            say(self.failed)
        finally:
            self.running = ""

    def _timed(self, what: Callable[[], Any]) -> Any:
        signal.alarm(self._deadline)
        try:
            return what()
        except Late:
            raise Failed(f"not done within {self._deadline} s") from None
        except OSError as error:
            raise Failed(f"{error}") from None
        finally:
            signal.alarm(0)

    def _take(self, *, remove: bool = True) -> Copy:
        """A verified one, and what is too old goes. Raises Failed."""
        began = time.time()
        label = time.strftime(FORMAT, time.gmtime(began))
        self.running = f"copy {label}"
        upload = self._repository.put(label)
        try:
            facts = self._source.take(upload.write)
            digest = upload.end()
        finally:
            upload.abandon()
        copy = Copy(label, began, time.time(), upload.bytes, digest, facts)
        self._repository.complete(copy)
        print(f"copies: {label} is complete, {copy.bytes} bytes: {json.dumps(facts)}", flush=True)
        self.copies = [*(self.copies or ()), copy]
        return self._verify(copy, remove=remove)

    def _verify(self, copy: Copy | None, *, remove: bool = True) -> Copy:
        assert copy is not None
        self.running = f"trial of {copy.label}"
        began = time.monotonic()
        try:
            self._source.verify(copy, self._repository.read(copy))
            copy = copy._replace(verified=time.time(), restore_seconds=time.monotonic() - began, failed="")
        except Broken as broken:
            copy = copy._replace(verified=0, failed=str(broken))
        self._judged(copy)
        if copy.failed:
            raise Failed(f"{copy.label} failed its trial: {copy.failed}")
        self.failed = ""
        print(f"copies: {copy.label} is verified after {copy.restore_seconds:.1f} s", flush=True)
        self._refresh()
        if not remove:
            return copy
        for gone in self._repository.remove_old(self.copies or [], self._keep):
            print(f"copies: {gone} is removed, {self._keep} newer ones are verified", flush=True)
            self._read = 0.0
        return copy

    def _judged(self, copy: Copy) -> None:
        self._repository.judge(copy)
        self.copies = [copy if one.label == copy.label else one for one in self.copies or ()]

    def _restore(self, to: str, *, overwrite: bool) -> str:
        copies = self.copies or []
        copy = chosen(to, copies)
        self.running = f"restore of {copy.label}"
        try:
            held = self._source.held()
            if held and not overwrite:
                raise Failed(f"it holds {held}, which would be lost: say OVERWRITE with its name; nothing was changed")
            try:
                self._source.load(copy, self._repository.read(copy))
            except Broken as broken:
                self._judged(copy._replace(verified=0, failed=str(broken)))
                raise Failed(
                    f"{copy.label} cannot be restored: {broken}; {older(copy, copies)}; nothing was changed"
                ) from None
            undo = ""
            if held:
                undo = f"; what was there before is {self._before()}"
                self._source.load(copy, self._repository.read(copy))
            return f"restored as it was at {copy.label}: {self._source.restore(copy)}{undo}"
        except OSError as error:
            raise Failed(str(error)) from None
        finally:
            self._source.clear()

    def _before(self) -> str:
        """A copy of what a restore overwrites, so that it can be undone. None goes for it: it may be the one that is
        restored."""
        label: str = self._timed(lambda: self._take(remove=False)).label
        return label

    def _refresh(self) -> None:
        try:
            self.copies = self._repository.copies()
            self.fault = ""
            self._read = time.time()
        except (Failed, OSError, ValueError, TypeError) as failed:
            self.fault = str(failed)
            self._read = time.time() - READ_SECONDS + 30
            say(f"repository {self.repository_name}: {failed}")


class AgentDoor(Door):
    """Metrics and health for everybody, the rest for those with the password."""

    user = "copies"
    agent: Agent

    def do_GET(self) -> None:
        """`/health`, `/metrics`, `/copies`."""
        if self.path == "/health":
            self.answer(HTTPStatus.OK, "well", "text/plain")
        elif self.path == "/metrics":
            self.answer(HTTPStatus.OK, metrics(self.agent), METRICS)
        elif self.path == "/copies" and self.may():
            self.answer(HTTPStatus.OK, json.dumps(self.agent.told()))

    def do_POST(self) -> None:
        """`/order`: {"order": "take"} or {"order": "restore", "to": ..., "overwrite": ...}."""
        if self.may():
            body = json.loads(self.body())
            try:
                self.answer(HTTPStatus.OK, json.dumps({"number": self.agent.order(body)}))
            except Failed as failed:
                self.answer(HTTPStatus.CONFLICT, str(failed))


def say(text: str) -> None:
    """Into its log."""
    print(f"copies: {text}", file=sys.stderr, flush=True)


def _late(*_: object) -> None:
    raise Late


def _end(*_: object) -> None:
    raise SystemExit(0)


def main(directory: str, module: str) -> int:
    """Does not return while all is well."""
    place = Path(directory)
    told = json.loads((place / "agent.json").read_text())
    source: Source = importlib.import_module(module).of(place)
    signal.signal(signal.SIGALRM, _late)
    signal.signal(signal.SIGTERM, _end)
    agent = Agent(told, Repository(told["store"], (place / "passphrase").read_text().strip()), source)
    AgentDoor.agent, AgentDoor.word = agent, (place / "password").read_text().strip()
    door = ThreadingHTTPServer((told["listen"], told["port"]), AgentDoor)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    agent.watch()
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
