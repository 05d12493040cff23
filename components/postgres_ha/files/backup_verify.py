"""The restore drill: `backup_verify DIRECTORY` restores a backup into a directory of its own, and checks it.

It is no member: its server has no address, archives nothing, runs nothing by itself, and nobody but this program knows
its socket. What is due it asks the primary's agent, which also writes down what was found. It keeps nothing.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .backup_history import leading
from .backup_orders import Agent
from .backup_repository import Backup, Failed, Repositories, parsed, position
from .backup_restore import Files
from .backup_target import Refused
from .sql import SESSION, NotYet, Server, quoted

AGAIN_SECONDS = 300
"""After a drill that could not be held."""
WRONG_SECONDS = 30
CLOSE_SECONDS = 150
SPARE_BYTES = 512 * 2**20
"""Beside the data and the log since the backup: the log that the server itself keeps (`max_wal_size`), and a new one's
first files."""
OPTIONS = (
    "archive_mode=off",
    "autovacuum=off",
    "huge_pages=off",
    "logging_collector=off",
    "log_destination=stderr",
    "max_logical_replication_workers=0",  # a copy of a subscription would take what the real one waits for
    "max_wal_size=256MB",
    "max_worker_processes=0",  # an extension's jobs are the cluster's
    "primary_conninfo=''",
    "shared_buffers=64MB",
    "ssl=off",
    "synchronous_standby_names=''",  # nobody would acknowledge
)
_EVENT_TRIGGERS_OFF = 17
"""The first major version that has `event_triggers`."""
Json = dict[str, Any]


class Late(Exception):
    """The deadline is over."""


class Broken(Failed):
    """The backup's own files are not what they should be."""


class NotHeld(Exception):
    """Nothing was found out about the backup: why."""


class Drill:
    """What one needs, as `verify.json` has it."""

    def __init__(self, directory: Path) -> None:
        self._told: Json = json.loads((directory / "verify.json").read_text())
        word = (directory / "password").read_text().strip()
        self._agents = [Agent(name, host, word) for name, host in self._told["members"].items()]
        self._repositories = Repositories(self._told["stanza"], self._told["repositories"])
        self._volume = Path(self._told["volume"])
        self._data = self._volume / "pgdata"
        self._ready = self._volume / "ready"
        self._outcome: Json = {}
        """Until it stands in the repository."""

    def begin(self) -> None:
        """Raises NotHeld, OSError where the volume is not ours."""
        self._ready.unlink(missing_ok=True)
        (self._volume / "pgbackrest").mkdir(exist_ok=True)
        self.clear()
        self._ready.touch()

    def look(self) -> float:
        """Holds one if it is due. Returns how many seconds to wait."""
        found, wait = self._primary(), float(self._told["look"])
        if found is None:
            return wait
        agent, told = found
        if self._outcome:
            if not self._is_noted(told):
                agent.ask("POST", "/verdict", self._outcome)
                return wait
            self._outcome = {}
        due = [name for name, since in (told.get("drills") or {}).items() if since and name not in told["faults"]]
        for repository in due:
            try:
                self._outcome = self._hold(agent, repository)
            except NotHeld as why:
                say(agent, f"not verified: {why}")
                continue
            said = self._outcome["said"]
            say(agent, f"{self._outcome['label']}: {said}" if said else "")
            return 0
        return AGAIN_SECONDS if due else wait

    def _primary(self) -> tuple[Agent, Json] | None:
        for agent in self._agents:
            try:
                told = agent.ask("GET", "/backups")
            except (OSError, Refused):
                continue
            if told["leads"]:
                return agent, told
        return None

    def _is_noted(self, told: Json) -> bool:
        """Or the backup is no more."""
        for one in told["backups"]:
            if (one["repository"], one["label"]) == (self._outcome["repository"], self._outcome["label"]):
                return bool(one["failed"] if self._outcome["said"] else one["verified"] >= int(self._outcome["at"]))
        return True

    def _hold(self, agent: Agent, repository: str) -> Json:
        """The verdict. Raises NotHeld."""
        try:
            # First: what was acknowledged until now has to be in what is restored.
            closed = agent.ask("POST", "/close", seconds=CLOSE_SECONDS)
            backup, timeline = self._chosen(repository)
        except (OSError, Refused, Failed) as why:
            raise NotHeld(str(why)) from None
        self.clear()
        reached = position(closed["at"])
        self._has_room(backup, reached)
        say(agent, f"{backup.label} of {repository} is restored")
        began = time.monotonic()
        took, said, broken = 0.0, "", False
        signal.alarm(self._told["deadline"])
        try:
            took = self._restore(backup, timeline, reached)
            print(f"verify: {backup.label} is restored after {took:.0f} s", flush=True)
            self._check()
        except Late:
            raise NotHeld(f"{backup.label} was not verified within {self._told['deadline']} s") from None
        except NotYet as why:
            raise NotHeld(str(why)) from None
        except Failed as failed:
            said, broken = str(failed), isinstance(failed, Broken)
        finally:
            signal.alarm(0)
            self.clear()
        if said:
            self._must_answer(repository, said)
        return {
            "repository": repository,
            "label": backup.label,
            "said": said,
            "broken": broken,
            "at": time.time(),
            "seconds": took or time.monotonic() - began,
        }

    def _chosen(self, repository: str) -> tuple[Backup, int]:
        """The backup that a restore would begin with, of those that have not failed. Raises Failed, NotHeld."""
        backups, faults = self._repositories.backups()
        if repository in faults:
            raise NotHeld(f"repository {repository}: {faults[repository]}")
        here = [one for one in backups if one.repository == repository]
        # The log leads from every older backup to the same state.
        same = max((one.ended for one in here if one.failed and not one.broken), default=0)
        left = [one for one in here if not one.failed and one.ended > same]
        if not left:
            raise NotHeld(f"no backup in {repository} would do better: `make backup FULL=1` when the reason is gone")
        label, timeline = leading(left, self._repositories.histories())
        return next(one for one in left if one.label == label), timeline

    def _has_room(self, backup: Backup, reached: int) -> None:
        needed = backup.size + max(0, reached - backup.position) + SPARE_BYTES
        free = shutil.disk_usage(self._volume).free
        if free < needed:
            raise NotHeld(f"{backup.label} needs {needed >> 20} MiB, and the drill's volume has {free >> 20} MiB free")

    def _restore(self, backup: Backup, timeline: int, reached: int) -> float:
        """How many seconds it took. Raises Failed."""
        began = time.monotonic()
        self._data.mkdir(mode=0o700)
        only = self._repositories.only(backup.repository)
        line = [f"--set={backup.label}", "--type=default", f"--target-timeline={timeline}", "--archive-mode=off"]
        try:
            self._repositories.restore([*only, *line])
        except Failed as failed:
            raise Broken(str(failed)) from None
        (self._data / "pg_hba.conf").write_text("local all all peer\n")
        self._files().replay()
        came = self._came_to()
        if came < reached:
            at = f"{came >> 32:X}/{came & 0xFFFFFFFF:X}"
            early = f"{(reached - came) >> 10} KiB too early"
            raise Failed(f"the log in the archive ends at {at}, {early}: a file of it is missing or broken")
        return time.monotonic() - began

    def _came_to(self) -> int:
        """Where the log of the archive ended: there the server left the timeline that it followed."""
        histories = sorted((self._data / "pg_wal").glob("*.history"))
        return max(parsed(histories[-1].read_text()).values()) if histories else 0

    def _check(self) -> None:
        """Raises Failed: why it is not as it should be; NotYet where it does not answer."""
        files = self._files()
        try:
            self._run("data checksums", [files.program("pg_checksums"), "--check", "-D", str(self._data)])
        except Failed as failed:
            raise Broken(str(failed)) from None
        with files.serve() as socket:
            server = Server("the restored server", socket, files.program("psql"), "postgres")
            wanted: Mapping[str, str] = self._told["databases"]
            there = dict(server.query("SELECT datname, pg_get_userbyid(datdba) FROM pg_database"))
            for name, owner in wanted.items():
                if there.get(name) != owner:
                    has = f"belongs to {there[name]}" if name in there else "is not there"
                    raise Failed(f"database {name}, whose owner is {owner}, {has}")
            names = ", ".join(map(quoted, self._told["roles"]))
            roles = {name for name, _ in server.query(f"SELECT rolname, '' FROM pg_roles WHERE rolname IN ({names})")}
            if missing := {*self._told["roles"]} - roles:
                raise Failed(f"roles are not there: {', '.join(sorted(missing))}")
            # Tables page by page, and every index of the usual kind against its order.
            line = ["--all", "--install-missing", "-h", socket, "-U", "postgres"]
            session = SESSION | {"statement_timeout": "0"}
            options = " ".join(f"-c {key}={value}" for key, value in session.items())
            self._run("amcheck", [files.program("pg_amcheck"), *line], PGOPTIONS=options)

    def _files(self) -> Files:
        version = self._data / "PG_VERSION"
        major = int(version.read_text()) if version.exists() else 0
        more = ("event_triggers=off",) if major >= _EVENT_TRIGGERS_OFF else ()
        places = tuple(f"{key}_file={self._data}/pg_{key}.conf" for key in ("hba", "ident"))
        return Files(self._data, self._told["bin"], self._volume, (*OPTIONS, *places, *more))

    def clear(self) -> None:
        """Nothing is kept of what was restored. Raises NotHeld."""
        try:
            self._files().stop()
        except Failed as failed:
            raise NotHeld(str(failed)) from None
        shutil.rmtree(self._data, ignore_errors=True)
        if self._data.exists():
            raise NotHeld(f"{self._data} is not empty, and nothing is restored over what is there")

    def _must_answer(self, repository: str, said: str) -> None:
        """A repository that went away meanwhile, or a full disk, says nothing about the backup. Raises NotHeld."""
        if "No space left on device" in said:
            raise NotHeld(said)
        try:
            _, faults = self._repositories.backups()
        except Failed as failed:
            faults = {repository: str(failed)}
        if repository in faults:
            raise NotHeld(f"{said}; repository {repository}: {faults[repository]}")

    @staticmethod
    def _run(what: str, line: list[str], **variables: str) -> None:
        done = subprocess.run(line, env=os.environ | variables, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())
            raise Failed(f"{what}: {said[:240]}")


def say(agent: Agent, text: str) -> None:
    """Here, and where people look."""
    if text:
        print(f"verify: {text}", flush=True)
    try:
        agent.ask("POST", "/drill", {"said": text})
    except (OSError, Refused):  # its log has it
        return


def raising(error: BaseException) -> Callable[..., None]:
    """A handler of a signal."""

    def handler(*_: object) -> None:
        raise error

    return handler


def main(directory: str) -> int:
    """Does not return."""
    signal.signal(signal.SIGTERM, raising(SystemExit(0)))
    signal.signal(signal.SIGALRM, raising(Late()))
    drill = Drill(Path(directory))
    drill.begin()
    try:
        while True:
            try:
                wait = drill.look()
            except Exception as error:  # whatever it is, the next look may find another world
                print(f"verify: {error!r}", file=sys.stderr, flush=True)
                wait = WRONG_SECONDS
            time.sleep(wait)
    finally:
        drill.clear()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
