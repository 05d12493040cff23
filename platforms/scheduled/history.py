"""What a schedule remembers of its runs, in a file that outlives the container."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .clock import Clock
from .run import LOST, OVER_DEADLINE, RESULTS, SUCCEEDED

MARGIN_SECONDS = 120
"""For a pod to be made, and for clocks that differ: not late before."""
_EARLY_SECONDS = 30
"""How much earlier than it was due a run may seem to have begun, for clocks that differ."""

Json = dict[str, Any]


class History:
    """Times are in seconds since 1970; 0 is never."""

    def __init__(self, place: Path, *, keep: int, now: float) -> None:
        self._place = place
        self._keep = keep
        self._lock = threading.Lock()
        self._held: Json = {
            "since": now,
            "running": None,
            "last_start": 0.0,
            "last_success": 0.0,
            "success_began": 0.0,
            "last_failure": 0.0,
            "last_result": "",
            "last_seconds": 0.0,
            "counts": dict.fromkeys(RESULTS, 0),
            "runs": [],
        }
        if place.exists():
            try:
                self._held.update(json.loads(place.read_text()))
            except ValueError as error:
                print(f"schedule: {place} cannot be read, and the history begins anew: {error}", flush=True)
        self._write()

    @property
    def since(self) -> float:
        """Since when it is kept."""
        return float(self._held["since"])

    @property
    def last_start(self) -> float:
        """When the last run began."""
        return float(self._held["last_start"])

    def begin(self, run: str, now: float) -> None:
        """The run of this name begins; one that nobody ended before it is lost."""
        with self._lock:
            if (running := self._held["running"]) is not None and running["run"] == run:
                return
            self._lose(now)
            self._held.update(running={"run": run, "began": now}, last_start=now)
            self._write()

    def end(self, run: str, result: str, code: int, seconds: float, now: float) -> None:
        """The run of this name ended. One that was not known to have begun counts all the same."""
        with self._lock:
            running = self._held["running"]
            known = running is not None and running["run"] == run
            began = running["began"] if known else now - seconds
            if any(one["run"] == run and one["result"] != LOST for one in self._held["runs"]):
                return  # told twice
            self._ended(run, began, result, code, seconds, now)
            if known:
                self._held["running"] = None
            self._write()

    def lose_older(self, seconds: float, now: float) -> None:
        """A run that should have ended so long after its begin, and did not say so, is lost."""
        with self._lock:
            running = self._held["running"]
            if running is not None and now - running["began"] > seconds:
                self._lose(now)
                self._write()

    def told(self) -> Json:
        """Everything, as it is kept."""
        with self._lock:
            return dict(json.loads(json.dumps(self._held)))

    def metrics(self, clock: Clock, *, within: float, now: float) -> str:
        """As Prometheus reads it. A run should have succeeded `within` so many seconds after it was due."""
        return "".join(f"ha_schedule_{name} {value:.12g}\n" for name, value in self._metrics(clock, within, now))

    def _metrics(self, clock: Clock, within: float, now: float) -> Iterator[tuple[str, float]]:
        held = self.told()
        yield "running", float(held["running"] is not None)
        yield "last_start_timestamp_seconds", held["last_start"]
        yield "last_success_timestamp_seconds", held["last_success"]
        yield "last_failure_timestamp_seconds", held["last_failure"]
        yield "last_duration_seconds", held["last_seconds"]
        over = held["last_result"] == OVER_DEADLINE
        yield "failed", float(held["last_result"] not in ("", SUCCEEDED) and not over)
        yield "over_deadline", float(over)
        yield "overdue_seconds", self._overdue(held, clock, within, now)
        yield "next_timestamp_seconds", clock.following(now) or 0.0
        for result, count in held["counts"].items():
            yield f'runs_total{{result="{result}"}}', count

    def _overdue(self, held: Json, clock: Clock, within: float, now: float) -> float:
        """How long ago the latest run was due that should have succeeded by now, if none has since."""
        due = clock.last(now - within - MARGIN_SECONDS)
        if due is None or due < held["since"] or held["success_began"] >= due - _EARLY_SECONDS:
            return 0.0
        return now - due

    def _lose(self, now: float) -> None:
        if (running := self._held["running"]) is not None:
            self._ended(running["run"], running["began"], LOST, 0, now - running["began"], now)
            self._held["running"] = None

    def _ended(self, run: str, began: float, result: str, code: int, seconds: float, now: float) -> None:
        self._held.update(last_result=result, last_seconds=seconds)
        if result == SUCCEEDED:
            self._held.update(last_success=now, success_began=began)
        else:
            self._held["last_failure"] = now
        self._held["counts"][result] += 1
        runs = [
            *self._held["runs"],
            {"run": run, "began": began, "ended": now, "result": result, "code": code, "seconds": seconds},
        ]
        good = [one for one in runs if one["result"] == SUCCEEDED][-self._keep :]
        bad = [one for one in runs if one["result"] != SUCCEEDED][-self._keep :]
        self._held["runs"] = sorted((*good, *bad), key=lambda one: float(one["ended"]))

    def _write(self) -> None:
        """The file is the old one or the new one, never a part of it."""
        new = self._place.with_suffix(".new")
        with new.open("w") as file:
            json.dump(self._held, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._place)
