"""Logical dumps in the repository: files behind `dumps/<cluster>/<label>/`, encrypted as backups are.

pgBackRest writes and reads them, as it does its own. A dump has its `done.json` when it was read again as a whole.
"""

import hashlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 300
_CHUNK = 1 << 20
_LABEL = re.compile(r"\d{8}-\d{6}Z")
_DONE = "done.json"
Json = dict[str, Any]


class Failed(Exception):
    """It was not done: one sentence for a person."""


class Store:
    """Those of one cluster."""

    def __init__(self, cluster: str) -> None:
        self._place = f"dumps/{cluster}"
        self._env = os.environ | {"PGBACKREST_CIPHER_PASS": _passphrase(Path(os.environ["PGBACKREST_CONFIG"]))}

    def labels(self) -> list[str]:
        """Of all that were begun, the oldest first. Raises Failed."""
        return sorted({label for name in self._files() if _LABEL.fullmatch(label := name.partition("/")[0])})

    def complete(self) -> list[Json]:
        """What is known of each that is complete, the oldest first. Raises Failed."""
        found = sorted(self._files())
        done = (self._done(name.partition("/")[0]) for name in found if name.endswith(f"Z/{_DONE}"))
        return [one for one in done if one is not None]

    def write(self, label: str, file: str, command: Sequence[str], env: dict[str, str]) -> Json:
        """What a command writes, into a file: its bytes and their SHA-256. Raises Failed where one of the two fails."""
        put = self._piped("repo-put", f"{self._place}/{label}/{file}", stdin=subprocess.PIPE)
        with put, subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
            said = _Said(source)
            read, whole = _copy(source, put)
            if not whole:
                source.kill()
            elif source.wait():
                put.kill()  # before it takes a part for the whole
                raise Failed(said.reason())
            _close(put)
            self._ended(put)
        if not whole:
            raise Failed("the repository did not take the whole of it")
        return read

    def read(self, label: str, file: str, command: Sequence[str], env: dict[str, str] | None = None) -> Json:
        """A file, into a command: its bytes and their SHA-256. Raises Failed where one of the two fails."""
        get = self._piped("repo-get", f"{self._place}/{label}/{file}", stdout=subprocess.PIPE)
        with (
            get,
            subprocess.Popen(
                command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            ) as reader,
        ):
            said = _Said(reader)
            read, whole = _copy(get, reader)
            if whole:
                try:
                    self._ended(get)
                except Failed:
                    reader.kill()  # before it takes a part for the whole
                    raise
            else:
                get.kill()
            _close(reader)
            if reader.wait():
                raise Failed(said.reason())
        if not whole:
            raise Failed(f"{Path(command[0]).name} did not take the whole of it")
        return read

    def finish(self, told: Json) -> None:
        """It is complete. Raises Failed."""
        self._run("repo-put", f"{self._place}/{told['label']}/{_DONE}", given=json.dumps(told))

    def remove(self, label: str) -> None:
        """Raises Failed."""
        self._run("repo-rm", "--recurse", f"{self._place}/{label}")

    def _done(self, label: str) -> Json | None:
        """None where what is there cannot be read: then nothing is known of that dump."""
        try:
            told: Json = json.loads(self._run("repo-get", f"{self._place}/{label}/{_DONE}"))
        except (Failed, ValueError) as failed:
            print(f"dumps: {label}: {failed}", flush=True)
            return None
        return told

    def _files(self) -> list[str]:
        """Their paths. Some servers keep a directory when its last file has gone."""
        told: dict[str, Json] = json.loads(self._run("repo-ls", "--recurse", "--output=json", self._place) or "{}")
        return [name for name, one in told.items() if one["type"] == "file"]

    def _piped(
        self, verb: str, path: str, *, stdin: int | None = None, stdout: int | None = None
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._line(verb, path), env=self._env, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
        )

    def _ended(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace")
        if process.wait():
            raise Failed(f"the repository: {_error(said) or f'pgbackrest ended with {process.returncode}'}")

    def _run(self, verb: str, *line: str, given: str = "") -> str:
        try:
            done = subprocess.run(
                self._line(verb, *line), env=self._env, input=given.encode(), capture_output=True, check=False,
                timeout=_ANSWER_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"the repository: no answer within {_ANSWER_SECONDS} s") from None
        if done.returncode:
            raise Failed(f"the repository: {_error(done.stderr.decode(errors='replace')) or done.returncode}")
        return done.stdout.decode()

    def _line(self, verb: str, *line: str) -> list[str]:
        return ["pgbackrest", "--repo=1", "--log-level-console=off", "--log-level-stderr=error", verb, *line]


class _Said:
    """The last line of a process's errors, read while it runs."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._last = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def reason(self) -> str:
        """Why it ended, when it has."""
        self._thread.join(10)
        name = Path(str(self._process.args[0])).name  # type: ignore[index]
        said = self._last or f"it ended with {self._process.returncode}"
        return said if said.startswith(f"{name}:") else f"{name}: {said}"

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if text := line.decode(errors="replace").strip():
                print(text, flush=True)
                self._last = text


def _copy(source: "subprocess.Popen[bytes]", target: "subprocess.Popen[bytes]") -> tuple[Json, bool]:
    """What went over, and whether all of it did: the target may end before."""
    assert source.stdout is not None
    assert target.stdin is not None
    digest, size, whole = hashlib.sha256(), 0, True
    try:
        while chunk := source.stdout.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.stdin.write(chunk)
        target.stdin.flush()
    except BrokenPipeError:
        whole = False
    return {"bytes": size, "sha256": digest.hexdigest()}, whole


def _close(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()


def _passphrase(config: Path) -> str:
    """pgBackRest asks for it again where a file is none of its own."""
    lines = (line.partition("=") for line in config.read_text().splitlines())
    return next(value for key, _, value in lines if key == "repo1-cipher-pass")


def _error(said: str) -> str:
    """The first sentence of an error, without its time and number."""
    lines = [line.partition("]: ")[2] or line for line in said.splitlines() if line.strip()]
    return " ".join(lines[0].split()) if lines else ""
