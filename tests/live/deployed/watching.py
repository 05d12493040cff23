"""Watching members while something happens to them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from drills.site import Site

EVERY_SECONDS = 0.3
"""A member that is replaced is away for seconds: its container stops, the next one starts and passes its checks."""


class Fewest:
    """The fewest members of each word that were up at one moment, and how often that was looked at.

    A member is up from when it was ready first until it is asked to end. For a moment it may not be ready: a replica
    streams from nobody while the primary hands over, which takes longer than its readiness checks wait.
    """

    def __init__(self) -> None:
        self.up: dict[str, int] = {}
        self.looks = 0
        self._were_ready: set[str] = set()

    def look(self, site: Site, words: Sequence[str]) -> None:
        for word in words:
            members = site.members(word).values()
            self._were_ready.update(member.id for member in members if member.ready)
            up = sum(member.id in self._were_ready for member in members)
            self.up[word] = min(up, self.up.get(word, up))
        self.looks += 1


@contextmanager
def watched(site: Site, words: Sequence[str]) -> Iterator[Fewest]:
    """Looks at the members until the block ends. A look that the platform does not answer is none."""
    fewest, ended = Fewest(), threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY_SECONDS):
            with suppress(OSError, LookupError):
                fewest.look(site, words)

    thread = threading.Thread(target=watch, name="watch members")
    thread.start()
    try:
        yield fewest
    finally:
        ended.set()
        thread.join()
