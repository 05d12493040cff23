"""What a run did since its checkpoint was written: one JSON object a line, durable before the run goes on.

Writing a line costs the same however large the state is; the checkpoint itself is written once, at the end of a run.
The first line names the checkpoint that the rest builds on, so that a journal left behind by a crash between writing a
new checkpoint and removing the journal is not applied twice. A torn last line is one that never counted.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, TextIO

from sandbox.engine.files import sync_directory

Entry = dict[str, Any]


def digest(path: Path) -> str:
    """Identifies a checkpoint by its content; "" when there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


class Journal:
    """The journal beside the checkpoint at `checkpoint`."""

    def __init__(self, checkpoint: Path) -> None:
        self._checkpoint = checkpoint
        self._path = checkpoint.with_name(f"{checkpoint.name}.journal")
        self._file: TextIO | None = None
        self._held: list[Entry] = []

    def read(self) -> list[Entry]:
        """The entries left by a run that did not end."""
        if not self._path.exists():
            return []
        *complete, _torn = self._path.read_text(encoding="utf-8").split("\n")
        entries: list[Entry] = [json.loads(line) for line in complete]
        if not entries or entries[0].get("after") != digest(self._checkpoint):
            return []
        return entries[1:]

    def hold(self, entry: Entry) -> None:
        """Notes what need not survive a crash by itself; it is written before the next entry that must."""
        self._held.append(entry)

    def write(self, *entries: Entry) -> None:
        """Appends the entries, and those held before; durable on return."""
        lines = [*self._held, *entries]
        self._held = []
        if self._file is None:
            self._checkpoint.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            continued = bool(self.read())
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | (0 if continued else os.O_TRUNC), 0o600)
            self._file = open(handle, "w", encoding="utf-8")  # noqa: SIM115 - kept open until the run ends
            if continued:
                self._drop_torn_line()
            else:
                lines.insert(0, {"after": digest(self._checkpoint)})
            sync_directory(self._path.parent)
        self._file.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _drop_torn_line(self) -> None:
        assert self._file is not None
        end = self._path.read_bytes().rfind(b"\n") + 1
        self._file.truncate(end)
        self._file.seek(end)

    @property
    def written(self) -> bool:
        """Whether there is anything on disk."""
        return self._path.exists()

    def remove(self) -> None:
        """Forgets everything: the checkpoint holds it now."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._held = []
        self._path.unlink(missing_ok=True)
