"""pgBackRest, as the agent calls it: what is in the repositories, and what is done with them.

Where it finds them stands in the file that PGBACKREST_CONFIG names. A repository has a number there, from 1 on.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_ANSWER_SECONDS = 60
"""pgBackRest asks a server that does not answer again for minutes."""
_KINDS = {"full": "full", "incremental": "incr"}


Histories = Mapping[int, Mapping[int, int]]
"""Timeline -> those that it comes from, and the position of the log at which each was left."""


class Failed(Exception):
    """It was not done: one sentence for a person."""


class Backup(NamedTuple):
    """A complete backup. Times are seconds since 1970; `bytes` is what it takes in the repository."""

    label: str
    kind: str
    repository: str
    began: int
    ended: int
    bytes: int
    size: int
    """Of the cluster, when it was taken."""
    timeline: int
    position: int
    """Of the log, where it ended."""
    verified: int = 0
    """When a drill restored it; 0: never, or it failed since."""
    restore_seconds: int = 0
    """How long the restore took then."""
    failed: str = ""
    """Why what was restored from it is not as it should be."""
    broken: bool = False
    """That is a fault of its own files: an older one with more of the log leads to the same, and may be sound. Else the
    log or the cluster has it."""


class Repositories:
    """Those of one cluster, by name, in the order of their numbers."""

    def __init__(self, stanza: str, names: Sequence[str]) -> None:
        self._stanza = stanza
        self.names = tuple(names)
        self.missing = False
        """Whether a repository had no place for this cluster when it was read last."""

    def prepare(self) -> None:
        """The places for this cluster, where they are missing. Raises Failed, also where another cluster's are."""
        self._run("stanza-create", seconds=_ANSWER_SECONDS)

    def backups(self) -> tuple[list[Backup], dict[str, str]]:
        """The oldest first; and why a repository cannot be read, by its name. Raises Failed where none can be asked."""
        told = json.loads(self._run("info", "--output=json", seconds=_ANSWER_SECONDS) or "[]")
        found, faults = [], {}
        self.missing = not told
        for stanza in told:
            for repository in stanza.get("repo", []):
                status = repository["status"]
                self.missing |= status["code"] == 1
                if status["code"] > 2:  # 1 and 2: nothing is there yet
                    faults[self._name(repository["key"])] = _short(status["message"])
            found += [self._backup(one) for one in stanza.get("backup", []) if not one.get("error")]
        return sorted(found, key=lambda one: one.ended), faults

    def histories(self) -> Histories:
        """Of every timeline that a repository has; of the cluster's present version. Raises Failed."""
        found: dict[int, dict[int, int]] = {}
        for stanza in json.loads(self._run("info", "--output=json", seconds=_ANSWER_SECONDS) or "[]"):
            for archive in stanza.get("archive", []):
                repository = f"--repo={archive['database']['repo-key']}"
                place = f"archive/{self._stanza}/{archive['id']}"
                listed = self._run(repository, "repo-ls", place, "--filter=[.]history$", seconds=_ANSWER_SECONDS)
                for name in listed.split():
                    text = self._run(repository, "repo-get", f"{place}/{name}", seconds=_ANSWER_SECONDS)
                    found[int(name.partition(".")[0], 16)] = parsed(text)
        return found

    def know(self, timeline: int) -> bool:
        """Whether the archive of each has the history of a timeline: without it none can be followed there. Raises
        Failed."""
        known = set()
        for stanza in json.loads(self._run("info", "--output=json", seconds=_ANSWER_SECONDS) or "[]"):
            for archive in stanza.get("archive", []):
                key, place = archive["database"]["repo-key"], f"archive/{self._stanza}/{archive['id']}"
                line = (f"--repo={key}", "repo-ls", place, f"--filter=^{history(timeline)}$")
                if self._run(*line, seconds=_ANSWER_SECONDS).strip():
                    known.add(key)
        return len(known) == len(self.names)

    def take(self, kind: str, repository: str) -> None:
        """A backup: returns when it is complete, and what is too old is removed. Raises Failed."""
        self._run(f"--repo={self._number(repository)}", f"--type={_KINDS[kind]}", "backup")

    def note(self, label: str, repository: str, notes: Mapping[str, str]) -> None:
        """Beside a backup; an empty text takes away what was there. Raises Failed."""
        line = [f"--annotation={key}={text}" for key, text in notes.items()]
        self._run(f"--repo={self._number(repository)}", f"--set={label}", *line, "annotate", seconds=_ANSWER_SECONDS)

    def only(self, repository: str) -> list[str]:
        """For a restore that reads nothing from the others."""
        return [f"--repo={self._number(repository)}"]

    def restore(self, options: Sequence[str]) -> None:
        """The files of a backup, over those that are there. Raises Failed."""
        self._run(*options, "--delta", "--log-level-console=warn", "restore")

    def _backup(self, told: dict[str, Any]) -> Backup:
        repository, notes = told["info"]["repository"], told.get("annotation") or {}
        kind, _, failed = notes.get("verify-failed", "").partition(" ")[2].partition(" ")
        verified = [int(part) for part in (notes.get("verified") or "0 0").split()]
        return Backup(
            label=told["label"],
            kind={"full": "full"}.get(told["type"], "incremental"),
            repository=self._name(told["database"]["repo-key"]),
            began=told["timestamp"]["start"],
            ended=told["timestamp"]["stop"],
            bytes=repository["delta"],
            size=told["info"]["size"],
            timeline=int(told["archive"]["stop"][:8], 16),
            position=position(told["lsn"]["stop"]),
            verified=verified[0],
            restore_seconds=verified[1],
            failed=failed,
            broken=kind == "files",
        )

    def _name(self, number: int) -> str:
        return self.names[number - 1] if 0 < number <= len(self.names) else str(number)

    def _number(self, name: str) -> int:
        return self.names.index(name) + 1

    def _run(self, *line: str, seconds: float | None = None) -> str:
        try:
            done = subprocess.run(
                ["pgbackrest", f"--stanza={self._stanza}", *line],
                capture_output=True, text=True, timeout=seconds, check=False,
            )  # fmt: skip
        except OSError as error:
            raise Failed(f"pgbackrest: {error}") from None
        except subprocess.TimeoutExpired:
            raise Failed(f"no answer within {seconds:g} s") from None
        if done.returncode:
            raise Failed(_reason(done.stdout + done.stderr) or f"pgbackrest ended with {done.returncode}")
        return done.stdout


def parsed(text: str) -> dict[int, int]:
    """A timeline's history, as PostgreSQL writes it: another timeline, a position and a reason in each line."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {int(line[0]): position(line[1]) for line in lines}


def history(timeline: int) -> str:
    """The name of its file."""
    return f"{timeline:08X}.history"


def position(text: str) -> int:
    """Of the log, as a number: `16/B374D848`."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _reason(said: str) -> str:
    """The error, which may go on over lines, without its time and number."""
    lines = said.splitlines()
    first = next((number for number, line in enumerate(lines) if "ERROR: [" in line), None)
    if first is None:
        return " ".join(lines[-1:]).strip()
    text = [lines[first].partition("]: ")[2]]
    for line in lines[first + 1 :]:
        if not line.startswith(" ") or "HINT" in line:
            break
        text.append(line.strip())
    return _short(" ".join(text))


def _short(text: str) -> str:
    """Without the request and answer that pgBackRest shows of a server, and without how often it tried: what was said
    the first time is enough."""
    text = re.sub(r"^raised from \S+ protocol: ", "", re.split(r"\s*\[\w+\] on retry after", text)[0])
    said = re.search(r"<Message>(.*?)</Message>", text, re.S)
    return " ".join(re.split(r":?\s*\*\*\* ", text)[0].split()) + (f": {said[1]}" if said else "")
