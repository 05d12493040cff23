"""The clock of a schedule (`keep`), or one run that tells it (`report`), with the command behind it."""

from __future__ import annotations

import json
from pathlib import Path

from . import keep, report
from .run import Runner


def main(directory: str, mode: str, *command: str) -> int:
    """With a command, the clock runs it; without one it hears of runs."""
    told = json.loads(Path(directory, "schedule.json").read_text())
    runner = None
    if command:
        runner = Runner(command, deadline=told["deadline"], grace=told["grace"], stop_signal=told["signal"])
        runner.listen()
    if mode == "keep":
        return keep.main(told, runner)
    assert runner is not None, "a run has a command"
    return report.main(told, runner)
