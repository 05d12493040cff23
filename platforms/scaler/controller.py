"""The controller: it looks at each service, asks Prometheus, decides, and has a gate set the count.

One runs at a time. What it does not know it leaves as it is: a count stays where it was while the controller, the gates
or Prometheus are away. GET `/metrics` (with what the gates say of containers) and `/health`.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .decide import Decision, History, Policy, Step, decide
from .gates import GateError, Gates
from .readings import readings
from .windows import least, windows

_ALIVE_SECONDS = 120
"""A round waits 5 s for each thing that does not answer."""
Json = dict[str, Any]


class Scaled:
    """One service: its policy, and what was done with it."""

    def __init__(self, told: Json) -> None:
        self.app, self.service = str(told["app"]), str(told["service"])
        self.metrics: list[Json] = told["metrics"]
        self.policy = Policy(told["least"], told["most"], Step(**told["up"]), Step(**told["down"]))
        self.windows = windows(told["windows"])
        self.now = self.policy
        """With the least of the hour."""
        self.history = History()
        self.replicas: int | None = None
        self.decision: Decision | None = None
        self.stuck = self.held = False
        self.changes = {"up": 0, "down": 0}
        self._said = self._fault = ""

    def round(self, gates: Gates, prometheus: str) -> None:
        """Look, decide, change."""
        try:
            seen = gates.look(self.service)
        except (GateError, ValueError) as error:
            self.stuck = True
            self.say(f"nothing changes, for no gate says what runs: {error}")
            return
        self.replicas = before = int(seen["replicas"])
        found = readings(prometheus, self.metrics, seen["running"], self.fault)
        self.now = self.policy._replace(least=least(self.policy.least, self.windows, time.time()))
        # What was asked took a while; the clock of the host may be set meanwhile, and this one is not.
        self.decision = made = decide(self.now, time.monotonic(), before, found, self.history)
        self.history = made.history
        self._fault = self._fault if made.blind else ""
        self.held = bool(seen["busy"]) and made.replicas != before
        if made.replicas == before or self.held:
            self.stuck = False
            waits = f", and waits for the update ({seen['busy']})" if self.held else ""
            self.say(f"{before} replicas: {made.why}{waits}")
            return
        try:
            gates.scale(self.service, made.replicas, int(seen["version"]))
        except GateError as error:
            self.stuck = True
            self.say(f"{before} replicas, and {made.replicas} were refused: {error} ({made.why})")
            return
        self.stuck = False
        self.replicas = made.replicas
        self.history = made.history.changed(time.monotonic(), before, made.replicas)
        self.changes["up" if made.replicas > before else "down"] += 1
        self.say(f"{before} -> {made.replicas} replicas: {made.why}")

    def fault(self, line: str) -> None:
        """What Prometheus answers: once, until it says something else."""
        if line != self._fault:
            print(f"scaler: {self.app}: {line}", flush=True)
            self._fault = line

    def say(self, line: str) -> None:
        """Nothing twice in a row."""
        if line != self._said:
            print(f"scaler: {self.app}: {line}", flush=True)
            self._said = line


class Controller:
    """Of one stack."""

    def __init__(self, told: Json, password: str) -> None:
        self.gates = Gates(told["gate"], told["gate_port"], password)
        self.scaled = [Scaled(one) for one in told["services"]]
        self._prometheus = str(told["prometheus"])
        self._every = float(told["every"])
        self._last = time.monotonic()

    def run(self) -> None:
        """For ever. What fails in a way that nobody thought of fails for one service and one round."""
        while True:
            begun = time.monotonic()
            for one in self.scaled:
                try:
                    one.round(self.gates, self._prometheus)
                except Exception as error:
                    one.stuck = True
                    one.say(f"nothing changes: {type(error).__name__}: {error}")
            self._last = time.monotonic()
            time.sleep(max(0.5, self._every - (self._last - begun)))

    @property
    def healthy(self) -> bool:
        """Whether rounds end."""
        return time.monotonic() - self._last < _ALIVE_SECONDS

    def metrics(self) -> str:
        """The page: its own figures, and those of the containers."""
        figures, gates = self.gates.figures()
        lines = [f"ha_scaler_gates {gates}\n"]
        for one in self.scaled:
            lines += _lines(one)
        return "".join(lines) + figures


def _lines(one: Scaled) -> list[str]:
    app = f'app="{one.app}"'
    lines = [
        f"ha_scaler_least{{{app}}} {one.now.least}\n",
        f"ha_scaler_most{{{app}}} {one.policy.most}\n",
        f"ha_scaler_stuck{{{app}}} {int(one.stuck)}\n",
        f"ha_scaler_held{{{app}}} {int(one.held)}\n",
        *(
            f'ha_scaler_changes_total{{{app},direction="{way}"}} {count}\n'
            for way, count in sorted(one.changes.items())
        ),
    ]
    if one.replicas is not None:
        lines.append(f"ha_scaler_replicas{{{app}}} {one.replicas}\n")
    if one.decision is not None:
        if one.decision.need is not None:
            lines.append(f"ha_scaler_need{{{app}}} {one.decision.need}\n")
        lines += [
            f'ha_scaler_blind{{{app},metric="{metric["name"]}"}} {int(metric["name"] in one.decision.blind)}\n'
            for metric in one.metrics
        ]
    return lines


class Door(BaseHTTPRequestHandler):
    """Figures for everybody."""

    controller: Controller
    timeout = 10

    def do_GET(self) -> None:
        """`/metrics` and `/health`."""
        if self.path == "/metrics":
            self._answer(HTTPStatus.OK, self.controller.metrics())
        elif self.path == "/health":
            ok = self.controller.healthy
            self._answer(HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE, "ok\n" if ok else "it hangs\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "there is nothing here\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a scrape is no event."""

    def _answer(self, status: HTTPStatus, text: str) -> None:
        content = text.encode()
        with suppress(ConnectionError):  # who asked does not wait any more
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def serve(controller: Controller, listen: str, port: int) -> ThreadingHTTPServer:
    """The server, which does not run yet."""
    return ThreadingHTTPServer((listen, port), type("Door", (Door,), {"controller": controller}))


def main(directory: str) -> int:
    """Runs until it is ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    place = Path(directory)
    told = json.loads((place / "scaler.json").read_text())
    try:
        controller = Controller(told, (place / "password").read_text().strip())
    except ValueError as error:
        print(
            f"scaler: {error}: the image of this program needs the data of time zones (tzdata), or write UTC",
            flush=True,
        )
        return 1
    threading.Thread(target=serve(controller, told["listen"], told["port"]).serve_forever, daemon=True).start()
    print(f"scaler: it looks at {', '.join(one.app for one in controller.scaled)}", flush=True)
    controller.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
