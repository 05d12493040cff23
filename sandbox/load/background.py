"""A run beside a synchronous test, which breaks something meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

R = TypeVar("R")
_JOIN_SECONDS = 60.0


class Running(Generic[R]):
    """A run in a thread of its own."""

    def __init__(self, run: Callable[[asyncio.Event], Coroutine[Any, Any, R]]) -> None:
        self._report: Future[R] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._main, args=(run,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends a run that listens to its stop event; requests that are open still end."""
        with suppress(RuntimeError):  # the run has ended by itself, and its loop is closed
            self._loop.call_soon_threadsafe(self._stop.set)

    def join(self, timeout_seconds: float) -> None:
        """Waits until nothing is sent any more."""
        self._thread.join(timeout_seconds)

    def result(self, timeout_seconds: float | None = None) -> R:
        """Waits for the end of the run; raises what the run raised, or TimeoutError."""
        return self._report.result(timeout_seconds)

    def _main(self, run: Callable[[asyncio.Event], Coroutine[Any, Any, R]]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._report.set_result(self._loop.run_until_complete(run(self._stop)))
        except BaseException as error:
            self._report.set_exception(error)
        finally:
            self._loop.close()


@contextmanager
def in_background(run: Callable[[asyncio.Event], Coroutine[Any, Any, R]]) -> Iterator[Running[R]]:
    """`with in_background(lambda stop: run_http(url, stop=stop)) as load: ...; report = load.result()`

    Leaving the block stops the run.
    """
    running = Running(run)
    try:
        yield running
    finally:
        running.stop()
        running.join(_JOIN_SECONDS)
