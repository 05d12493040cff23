"""Beside each server: `backup_agent DIRECTORY`. Where the server is the primary, it takes the backups that are due.

What is due follows from the clock and from what the repositories have, so nothing is remembered here: after a failover
the next primary's agent goes on, what was missed is made up for, and nothing runs twice. Over the network it tells
how backups are, and does what somebody with the password orders: a backup, or the steps of a restore. The restore drill
(backup_verify.py) asks it what is due, and what it found is written beside the backup here: two that write what stands
in the repository of backups at the same time would lose something.
"""

import json
import sys
import threading
import time
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import backup_clock, backup_verdicts
from .backup_door import METRICS, Door
from .backup_log import Log
from .backup_metrics import metrics
from .backup_repository import Backup, Failed, Repositories, history
from .backup_restore import Files, Target
from .backup_verdicts import Verdict
from .sql import NotYet, Server

LOOK_SECONDS = 10
INFO_SECONDS = 60
RETRY_SECONDS = 300
"""After a backup that failed."""
Json = dict[str, Any]


class Agent:
    """One member's. Everything that another thread reads is replaced as a whole."""

    def __init__(self, told: Json) -> None:
        self._told = told
        place = Path(told["volume"], "pgbackrest")
        place.mkdir(exist_ok=True)
        self.files = Files(Path(told["volume"], "pgdata"), told["bin"], place)
        self._server = Server("this server", told["socket"], self.files.program("psql"), "postgres")
        self.repositories = Repositories(told["stanza"], told["repositories"])
        self.log = Log(self.files.data, place, self._server)
        self._clocks = {
            kind: backup_clock.parse(told[kind]) for kind in ("full", "incremental") if told[kind] is not None
        }
        self.drills: bool = told["drills"]
        self._drill_clock = backup_clock.parse(told["verify"]) if told["verify"] else None
        self._verdicts: list[Verdict] = []
        self.drill = ""
        """What the restore drill says of itself."""
        self._read = 0.0
        self._known = False
        """Whether the archive knows the branch of the log that this server writes."""
        self._retry = dict.fromkeys(told["repositories"], 0.0)
        self._wake = threading.Event()
        self._ordered = ""
        self._restoring = threading.Lock()
        self.leads = False
        self.backups: list[Backup] = []
        self.faults: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        """Repository -> why the last backup there was not taken."""
        self.failures = 0
        self.running = ""
        self.restore: Json = {"state": "none", "said": ""}

    def watch(self) -> None:
        """Look, and look again."""
        while True:
            try:
                self.look()
            except Exception as error:  # whatever it is, the next look may find another world
                print(f"backups: {error!r}", file=sys.stderr, flush=True)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def look(self) -> None:
        """Takes what is due, if the server is the primary."""
        self.leads = self._is_primary()
        if not self.leads:
            self._read, self._known = 0.0, False
            self._verdicts.clear()  # who found it says it again, to the next primary's
            return
        if time.time() > self._read + INFO_SECONDS or self._ordered:
            self._refresh()
        if self.faults.keys() >= {*self.repositories.names}:
            return
        self._make_known()
        self._note_verdicts()
        ordered, self._ordered = self._ordered, ""
        for repository in self.repositories.names:
            kind = ordered or (self.due(repository)[0] if time.time() >= self._retry[repository] else "")
            if kind and repository not in self.faults:
                self._take(kind, repository)

    def due(self, repository: str) -> tuple[str, float]:
        """Which kind of backup is due, and since when; "" where none is."""
        now, found = time.time(), [one for one in self.backups if one.repository == repository]
        if not any(one.kind == "full" for one in found):
            return "full", self._since(now)
        for kind, clock in self._clocks.items():
            at = clock.last(now)
            enough = [one.began for one in found if kind in ("incremental", one.kind)]
            if at is not None and at > max(enough) and at >= min(one.began for one in found):
                return kind, at
        dropped = self.log.dropped()
        if dropped > max(one.began for one in found):
            return "incremental", dropped
        return "", 0.0

    def drill_due(self, repository: str) -> float:
        """Since when one of its backups should be verified; 0: none is, or there are no drills."""
        found = [one for one in self.backups if one.repository == repository]
        return backup_verdicts.due(found, self._drill_clock, time.time()) if self.drills else 0.0

    def judge(self, verdict: Verdict) -> None:
        """Written beside the backup as soon as no backup is taken."""
        self._verdicts.append(verdict)
        self._wake.set()

    def order(self, kind: str) -> None:
        """A backup now, in every repository."""
        self._ordered = kind
        self._wake.set()

    def begin_restore(self, target: Target) -> bool:
        """Whether it began: one at a time, and its end is told by `restore`."""
        if not self._restoring.acquire(blocking=False):
            return False
        self.restore = {"state": "running", "said": ""}
        threading.Thread(target=self._restore, args=(target,), daemon=True).start()
        return True

    def _restore(self, target: Target) -> None:
        try:
            self.files.restore(self.repositories, target)
            self.restore = {"state": "done", "said": ""}
        except Exception as error:
            self.restore = {"state": "failed", "said": str(error)}
        finally:
            self.log.begin_anew()
            self._restoring.release()

    def told(self) -> Json:
        """How backups are."""
        return {
            "leads": self._is_primary(),
            "running": self.running,
            "faults": self.faults,
            "failed": self.failed,
            "due": {name: self.due(name) for name in self.repositories.names},
            "waiting": self.log.waiting(),
            "archive_timeout": self._told["archive_timeout"],
            "dropped": self.log.dropped(),
            "backups": [one._asdict() for one in self.backups],
            "restore": self.restore,
            "drills": {name: self.drill_due(name) for name in self.repositories.names} if self.drills else None,
            "drill": self.drill,
            "now": time.time(),
        }

    def read(self) -> Json:
        """The same, with what is in the repositories at this moment, whoever leads. Raises Failed."""
        self.backups, self.faults = self.repositories.backups()
        if self.faults and not self.backups:
            raise Failed("; ".join(f"repository {name}: {why}" for name, why in self.faults.items()))
        return self.told()

    def _take(self, kind: str, repository: str) -> None:
        self.running = f"{kind} backup in {repository}"
        print(f"backups: {self.running} begins", flush=True)
        try:
            self.repositories.take(kind, repository)
            self.failed = {name: why for name, why in self.failed.items() if name != repository}
            self._retry[repository] = 0.0
            print(f"backups: {self.running} is complete", flush=True)
        except Failed as failed:
            self.failed = self.failed | {repository: str(failed)}
            self.failures += 1
            self._retry[repository] = time.time() + RETRY_SECONDS
            print(f"backups: {self.running} failed: {failed}", file=sys.stderr, flush=True)
        finally:
            self.running = ""
            self._refresh()

    def _make_known(self) -> None:
        """A server archives the history of its branch when it begins that one. Where nothing was archived then (a copy
        of another database; failovers before there were backups), it is handed over now."""
        if self._known:
            return
        try:
            timeline = self.log.timeline()
            self._known = timeline == 1 or self.repositories.know(timeline)
            if not self._known:
                print(f"backups: the archive does not know timeline {timeline} yet", flush=True)
                self.log.hand_over(history(timeline))
        except (Failed, NotYet) as failed:  # the next look tries again
            print(f"backups: the log's branch: {failed}", file=sys.stderr, flush=True)

    def _note_verdicts(self) -> None:
        while self._verdicts:
            verdict = self._verdicts.pop(0)
            what = f"failed its drill: {verdict.said}" if verdict.said else "is verified"
            print(f"backups: {verdict.label} in {verdict.repository} {what}", flush=True)
            try:
                self.repositories.note(verdict.label, verdict.repository, verdict.notes())
            except Failed as failed:
                print(f"backups: not noted: {failed}", file=sys.stderr, flush=True)
            self._refresh()

    def _refresh(self) -> None:
        try:
            self.backups, self.faults = self.repositories.backups()
            if self.repositories.missing:
                self.repositories.prepare()
            self._read = time.time()
        except Failed as failed:  # also while the archiver holds the lock: the next look tries again
            self.faults = dict.fromkeys(self.repositories.names, str(failed))
        for name, why in self.faults.items():
            print(f"backups: repository {name}: {why}", file=sys.stderr, flush=True)

    def _is_primary(self) -> bool:
        """With an archive that is on: before, the settings job has not been there yet."""
        if self._restoring.locked():
            return False
        try:
            return self._server.query("SELECT pg_is_in_recovery(), current_setting('archive_mode')") == [("f", "on")]
        except NotYet:
            return False

    def _since(self, now: float) -> float:
        """Since when a cluster without a backup should have one: since it archives."""
        return min(now, self.log.began())


class AgentDoor(Door):
    """Metrics for everybody, the rest for those with the password."""

    user = "backups"
    agent: Agent

    def do_GET(self) -> None:
        """`/metrics`, `/backups`."""
        if self.path == "/metrics":
            self.answer(HTTPStatus.OK, metrics(self.agent), METRICS)
        elif self.path == "/backups" and self.may():
            self.answer(HTTPStatus.OK, json.dumps(self.agent.told()))

    def do_POST(self) -> None:
        """`/read`, `/take`, the steps of a restore (`/plan`, `/close`, `/stop`, `/restore`), `/drill`, `/verdict`."""
        if self.may():
            try:
                self.answer(HTTPStatus.OK, json.dumps(self._ordered()))
            except (Failed, NotYet, KeyError, TypeError, ValueError) as failed:
                self.answer(HTTPStatus.CONFLICT, str(failed))

    def _ordered(self) -> Json:
        body: Json = json.loads(self.body())
        match self.path:
            case "/read":
                return self.agent.read()
            case "/take":
                self.agent.order("full" if body.get("kind") == "full" else "incremental")
            case "/plan":
                return {"options": Target(**body).options(self.agent.repositories)}
            case "/close":
                return {"at": self.agent.log.close(), "time": time.time()}
            case "/stop":
                self.agent.files.stop()
            case "/restore":
                if not self.agent.begin_restore(Target(**body)):
                    raise Failed("a restore is at work in this member")
            case "/drill":
                self.agent.drill = str(body["said"])
            case "/verdict":
                self.agent.judge(Verdict.of(body))
            case _:
                raise Failed(f"there is no order {self.path}")
        return {}


def main(directory: str) -> int:
    """Does not return while all is well."""
    told = json.loads(Path(directory, "agent.json").read_text())
    agent = Agent(told)
    AgentDoor.agent = agent
    AgentDoor.word = Path(directory, "password").read_text().strip()
    door = ThreadingHTTPServer((told["listen"], told["port"]), AgentDoor)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    agent.watch()
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
