"""One run whose begin and end the schedule's clock is told: where the platform starts the command by itself."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from typing import Any

from .keep import say
from .run import SUCCEEDED, Runner

_BEGIN = (4, 1.0, 2.0)
"""Tries, pause and patience in seconds: the network of a new pod may refuse it for a second or two, and the command's
own connections as well. A clock that is away holds no run for much longer."""
_END = (6, 5.0, 5.0)
"""The clock is away for some seconds while it is updated."""
_STOPPED = (1, 0.0, 5.0)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The application may have a proxy for what is outside."""
Json = dict[str, Any]


def main(told: Json, runner: Runner) -> int:
    """The command's exit code. A clock that does not hear of the run changes nothing of it."""
    run = f"{socket.gethostname()} {time.time_ns()}"  # what is told again is the same run, and nothing else is
    _tell(told["clock"], "began", {"run": run}, _BEGIN)
    ended = runner.run()
    say(socket.gethostname(), ended)
    _tell(told["clock"], "ended", {"run": run, **ended._asdict()}, _STOPPED if runner.stopped else _END)
    if ended.result == SUCCEEDED:
        return 0
    return ended.code if 0 < ended.code < 256 else 1


def _tell(clock: str, what: str, body: Json, patience: tuple[int, float, float]) -> None:
    tries, pause, seconds = patience
    request = urllib.request.Request(
        f"{clock}/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    for left in reversed(range(tries)):
        try:
            with _DIRECT.open(request, timeout=seconds):
                return
        except OSError as error:
            print(f"schedule: the clock did not hear that the run {what}: {error}", flush=True)
        if left:
            time.sleep(pause)
