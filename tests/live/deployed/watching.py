"""Watching members while something happens to them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from drills.site import Site

EVERY_SECONDS = 0.3
"""A member that is replaced is away for seconds: its container stops, the next one starts and passes its checks."""


class Fewest:
    """The fewest members of each word that were ready at one moment, and how often that was looked at."""

    def __init__(self) -> None:
        self.ready: dict[str, int] = {}
        self.looks = 0

    def look(self, site: Site, words: Sequence[str]) -> None:
        for word in words:
            ready = len(site.ready_members(word))
            self.ready[word] = min(ready, self.ready.get(word, ready))
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
