"""Why an update of the Pulumi CLI failed: what the tasks or pods that failed said last. Providers name only an id."""

import base64
import binascii
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from cli.errors import CommandError
from cli.progress import warn

LINES = 10
"""Of each log."""
_SHORTEST = 4
"""Shorter secrets would blank out ordinary words."""
_SHORTEST_LINE = 8
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""The key and the value that mark a secret in Pulumi's deployment document."""
_SECONDS = 1.0


@dataclass(frozen=True)
class Reason:
    """`what` is a workload, `why` says how it ended, with the exit code; `lines` are the last ones of its log."""

    what: str
    why: str
    lines: tuple[str, ...]


class Watch(ABC):
    """Looks for what fails while an engine works, for some of it is removed with its log when the engine gives up."""

    def __init__(self) -> None:
        self._found: dict[str, Reason] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._look(report=False)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    @abstractmethod
    def look(self, *, report: bool = True) -> Iterable[Reason]:
        """What failed and was not found before. Without `report` it only remembers that."""

    def reasons(self) -> list[Reason]:
        """The last one of each workload, after the engine ended."""
        self._look()
        return [self._found[what] for what in sorted(self._found)]

    def _run(self) -> None:
        while not self._ended.wait(_SECONDS):
            self._look()

    def _look(self, *, report: bool = True) -> None:
        try:
            for reason in self.look(report=report):
                self._found[reason.what] = reason
        except CommandError:
            return  # the engine says itself that its hosts do not answer


def tell(reasons: Iterable[Reason], exported: dict[str, Any]) -> None:
    """Say them without the secrets of `exported`, a state with its secrets in plain text."""
    secrets = sorted(set(_secrets(exported)), key=len, reverse=True)  # a longer one may hold a shorter
    for reason in reasons:
        warn(
            f"  {reason.what}: {_masked(reason.why, secrets)}"
            + ("; the last lines of its log:" if reason.lines else "")
        )
        for line in reason.lines:
            warn(f"    | {_masked(line, secrets)}")


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return "".join(character if character.isprintable() else "?" for character in text)


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            yield from _texts(value.get("plaintext"))
        else:
            for each in value.values():
                yield from _secrets(each)
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each)


def _texts(plaintext: object) -> Iterator[str]:
    """A secret, what it is in base64 of, and each line of either. The plain text is JSON."""
    for text in _strings(json.loads(str(plaintext)) if plaintext else ""):
        forms = [text]
        with suppress(binascii.Error, UnicodeDecodeError, ValueError):
            forms.append(base64.b64decode(text, validate=True).decode())
        for form in forms:
            if len(form) >= _SHORTEST:
                yield form
            if "\n" in form:
                yield from (line for each in form.splitlines() if len(line := each.strip()) >= _SHORTEST_LINE)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
