"""The clock of a schedule: it runs the command at its times, or hears from those that do, and tells how the runs were.

GET `/metrics`, `/runs` (what it remembers) and `/health`; POST `/began` and `/ended`, where others run the command.
"""

from __future__ import annotations

import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .clock import Clock, parse
from .history import MARGIN_SECONDS, History
from .run import LOST, RESULTS, STOPPED, Ended, Runner

_LOOK_SECONDS = 1.0
_LARGEST = 4096
_BACK_SECONDS = 3600
"""A host's clock that was set back by no more does not make a time due again."""
Json = dict[str, Any]


class Keeper:
    """Of one schedule, as `told` in its configuration. `runner` is None where others run the command."""

    def __init__(self, told: Json, runner: Runner | None) -> None:
        self.clock: Clock = parse(told["at"], told["zone"])
        self._runner = runner
        self._start_within = float(told["start_within"])
        self._within = float(told["start_within"]) + float(told["deadline"])
        self.history = History(Path(told["state"]), keep=told["history"], now=time.time())
        if runner is not None:  # a run was cut with the container: there is one clock alone
            self.history.lose_older(-1.0, time.time())

    def watch(self) -> None:
        """Returns when it is told to stop."""
        at = self.next(time.time())
        while self._runner is None or not self._runner.stopped:
            now = time.time()
            if self._runner is None:
                self.history.lose_older(self._within + MARGIN_SECONDS, now)
            elif at is not None and now >= at:
                if now <= at + self._start_within:
                    self._run(at)
                at = self.next(time.time())
                continue
            time.sleep(_LOOK_SECONDS)

    def next(self, now: float) -> float | None:
        """When the next run begins: a time that was due just now and has not been used, or one that comes."""
        due, used = self.clock.last(now), max(self.history.last_start, self.history.since)
        if due is not None and due > used and now <= due + self._start_within:
            return due
        return self.clock.following(max(now, min(used, now + _BACK_SECONDS)))

    def metrics(self) -> str:
        """The page."""
        return self.history.metrics(self.clock, within=self._within, now=time.time())

    def hear(self, path: str, body: Json) -> None:
        """What a run says of itself. Raises LookupError, TypeError or ValueError for what none says."""
        if path == "/began":
            self.history.begin(str(body["run"]), time.time())
        elif path == "/ended" and body["result"] in RESULTS and body["result"] != LOST:
            self.history.end(str(body["run"]), body["result"], int(body["code"]), float(body["seconds"]), time.time())
        else:
            raise ValueError(f"nothing is said at {path}")

    def _run(self, due: float) -> None:
        """One at a time: the clock waits for it. A time that comes meanwhile is late, or left out."""
        assert self._runner is not None
        run = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
        self.history.begin(run, time.time())
        print(f"schedule: the run of {run} begins", flush=True)
        ended = self._runner.run()
        self.history.end(run, *ended, time.time())
        say(run, ended)


def say(run: str, ended: Ended) -> None:
    """One line for who reads the log."""
    why = f" (exit code {ended.code})" if ended.code else ""
    print(f"schedule: the run of {run} {_SAID[ended.result]}{why} after {ended.seconds:.1f} s", flush=True)


_SAID = {
    "succeeded": "succeeded",
    "failed": "FAILED",
    "over_deadline": "was ENDED at its deadline",
    STOPPED: "was stopped with its container",
}


class Door(BaseHTTPRequestHandler):
    """Figures for everybody; reports where others run the command."""

    keeper: Keeper
    hears: bool

    def do_GET(self) -> None:
        """`/metrics`, `/runs`, `/health`."""
        if self.path == "/metrics":
            self._answer(HTTPStatus.OK, self.keeper.metrics(), "text/plain; version=0.0.4")
        elif self.path == "/runs":
            self._answer(HTTPStatus.OK, json.dumps(self.keeper.history.told()), "application/json")
        elif self.path == "/health":
            self._answer(HTTPStatus.OK, "ok\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")

    def do_POST(self) -> None:
        """`/began` and `/ended`."""
        if not self.hears:
            self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "this clock runs the command itself\n")
            return
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _LARGEST:
                raise ValueError("this is too long")
            self.keeper.hear(self.path, json.loads(self.rfile.read(length)))
        except (LookupError, TypeError, ValueError) as error:
            self._answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        else:
            self._answer(HTTPStatus.OK, "heard\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a scrape is no event."""

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main(told: Json, runner: Runner | None) -> int:
    """0 when it was told to stop; 1 where it cannot begin."""
    try:
        keeper = Keeper(told, runner)
    except (OSError, ValueError) as error:
        print(f"schedule: the clock cannot begin in this image: {error}", flush=True)
        return 1
    Door.keeper, Door.hears = keeper, runner is None
    server = ThreadingHTTPServer((told["listen"], told["port"]), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keeper.watch()
    return 0
