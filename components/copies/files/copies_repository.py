"""The copies of one store in a repository, by pgBackRest: it speaks S3, encrypts and decrypts.

A copy is a folder: `data`, then `copy.json`, which makes it complete, and `verdict.json` when it was verified. Where
the repository is stands in the file that PGBACKREST_CONFIG names.
"""

import calendar
import hashlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

ANSWER_SECONDS = 90
"""pgBackRest asks a server that does not answer again for a minute."""
CHUNK = 2**18
FORMAT = "%Y%m%d-%H%M%S"
"""Of a copy's name: when it was begun, in UTC."""
_LABEL = re.compile(r"\d{8}-\d{6}")
Json = dict[str, Any]


class Failed(Exception):
    """It was not done: one sentence for a person."""


class Broken(Failed):
    """What is in the repository is not what was put there."""


class Copy(NamedTuple):
    """A complete copy. Times are seconds since 1970."""

    label: str
    began: float
    ended: float
    bytes: int = 0
    sha256: str = ""
    facts: Json = {}  # noqa: RUF012 - nobody changes it
    """What the store said of itself when it was taken."""
    verified: float = 0
    """When it was loaded on trial; 0: never, or it failed."""
    restore_seconds: float = 0
    failed: str = ""
    """Why it is not as it should be."""


class Upload:
    """A stream into the repository: `write`, then `end`; what is not ended is no file there."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, chunk: bytes) -> None:
        """Raises Failed."""
        assert self._process.stdin is not None
        self._digest.update(chunk)
        self.bytes += len(chunk)
        try:
            self._process.stdin.write(chunk)
        except BrokenPipeError:
            raise Failed(self._reason()) from None

    def end(self) -> str:
        """The SHA-256 of what was written. Raises Failed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            raise Failed(self._reason()) from None
        if self._process.wait():
            raise Failed(self._reason())
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Killed before it sees an end: it would put a part there as if it were all."""
        self._process.kill()
        self._process.wait()

    def _reason(self) -> str:
        assert self._process.stderr is not None
        return reason(self._process.stderr.read().decode(errors="replace")) or "the repository took no more"


class Repository:
    """The folder of one store."""

    def __init__(self, store: str, passphrase: str) -> None:
        self._place = f"copies/{store}"
        # Of files that belong to no database it asks for the passphrase by this name.
        self._env = os.environ | {"PGBACKREST_CIPHER_PASS": passphrase}
        self._known: dict[tuple[str, int, int], Json] = {}
        self._half: list[str] = []

    def copies(self) -> list[Copy]:
        """Every complete one, the oldest first. Raises Failed."""
        listed: Json = json.loads(self._run("repo-ls", "--recurse", "--output=json", self._place) or b"{}")
        labels = sorted({label for name in listed if is_label(label := name.partition("/")[0])})
        whole = [label for label in labels if f"{label}/copy.json" in listed]
        self._half = [label for label in labels if label not in whole]
        known, found = self._known, []
        self._known = {}
        for label in whole:
            began = calendar.timegm(time.strptime(label, FORMAT))
            told: Json = {"label": label, "began": began, "ended": began}
            # The second has the last word: what a copy holds is not known without it.
            for name in (f"{label}/verdict.json", f"{label}/copy.json"):
                if (one := listed.get(name)) is None:
                    continue
                stands = (name, one["time"], one["size"])
                if stands not in known:
                    known[stands] = self._document(name)
                self._known[stands] = known[stands]
                told |= known[stands]
            found.append(Copy(**told))
        return found

    def _document(self, name: str) -> Json:
        """One that is spoilt condemns its own copy, and hides no other. Raises Failed where the repository is away."""
        try:
            found: Json = json.loads(self._run("repo-get", f"{self._place}/{name}"))
            return found
        except (Failed, ValueError) as error:
            self._run("repo-ls", self._place)
            return {"verified": 0, "failed": f"{name.partition('/')[2]} cannot be read: {error}"}

    def put(self, label: str) -> Upload:
        """A new copy's data."""
        line = ["pgbackrest", "repo-put", f"{self._place}/{label}/data"]
        process = subprocess.Popen(
            line, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        return Upload(process)

    def complete(self, copy: Copy) -> None:
        """Raises Failed."""
        told = {key: getattr(copy, key) for key in ("began", "ended", "bytes", "sha256", "facts")}
        self._run("repo-put", f"{self._place}/{copy.label}/copy.json", given=json.dumps(told).encode())

    def judge(self, copy: Copy) -> None:
        """Writes down what a trial found. Raises Failed."""
        told = {key: getattr(copy, key) for key in ("verified", "restore_seconds", "failed")}
        self._run("repo-put", f"{self._place}/{copy.label}/verdict.json", given=json.dumps(told).encode())

    def read(self, copy: Copy) -> Iterator[bytes]:
        """What was copied, and nothing more when it ends. Raises Broken where it is not what was put there, Failed
        where the repository cannot be read."""
        line = ["pgbackrest", "repo-get", f"{self._place}/{copy.label}/data"]
        process = subprocess.Popen(line, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        digest, size = hashlib.sha256(), 0
        # The last part is held back until all is known to be well: nobody loads the whole of a broken one.
        last = b""
        try:
            while chunk := process.stdout.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if last:
                    yield last
                last = chunk
            if process.wait():
                said = reason(process.stderr.read().decode(errors="replace"))
                self.copies()  # a repository that is away says nothing about the copy: Failed
                raise Broken(f"it cannot be read: {said}")
            if (size, digest.hexdigest()) != (copy.bytes, copy.sha256):
                raise Broken(f"it is not what was copied: {size} bytes of {copy.bytes}, or others")
            yield last
        finally:
            process.kill()
            process.wait()

    def remove_old(self, copies: list[Copy], keep: int) -> list[str]:
        """What is older than the `keep` newest that were verified, and failed ones beyond as many. Returns the labels.
        Raises Failed."""
        sound = [one.label for one in copies if one.verified]
        failed = [one.label for one in copies if one.failed]
        gone = set(failed[:-keep])
        if len(sound) >= keep:
            gone |= {label for label in [one.label for one in copies] + self._half if label < sound[-keep]}
        for label in sorted(gone):
            self._run("repo-rm", "--recurse", f"{self._place}/{label}")
        return sorted(gone)

    def _run(self, *line: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                ["pgbackrest", *line],
                env=self._env, input=given, capture_output=True, timeout=ANSWER_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"the repository did not answer within {ANSWER_SECONDS} s") from None
        if done.returncode:
            said = reason(done.stderr.decode(errors="replace"))
            raise Failed(said or f"pgbackrest ended with {done.returncode}")
        return done.stdout


def is_label(text: str) -> bool:
    """Whether it is a copy's name."""
    return _LABEL.fullmatch(text) is not None


def reason(said: str) -> str:
    """The error without its number, and without the request and the answer that it shows of a server."""
    found = re.search(r"ERROR: \[\d+\]: (.*)", said, re.S)
    text = " ".join((found[1] if found else said).split())
    message = re.search(r"<Message>(.*?)</Message>", text)
    text = re.split(r"\s*\[\w+\] on retry after|:?\s*\*\*\* |\s*HINT:", text)[0]
    return text[:300] + (f": {message[1]}" if message else "")
