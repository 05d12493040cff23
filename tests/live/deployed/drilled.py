"""Faults that a drill shows as well: here they happen once, and their results stand beside those of drills."""

import json
from dataclasses import asdict
from pathlib import Path

from drills.fault import Fault
from drills.results import Results
from drills.runner import Drilled, drill

SETTING = "product, in a test"
"""On a machine that may be busy: `make drill` does not take these for its own."""
TOTAL = 2000
"""Safe requests, where none may fail."""


def drilled(fault: Fault, reports: Path, *, rate: float = 20, least: int = 0) -> Drilled:
    """One run; what the load saw is printed, and kept for people."""
    results = Results(fault.site.platform)
    results.require_this_machine()
    done = drill(fault, results.next_run(fault.name, SETTING), setting=SETTING, rate=rate, least=least)
    results.add(done.result)
    (reports / f"{fault.site.platform}-{fault.name}-{done.result.run}.json").write_text(
        json.dumps(asdict(done), indent=2) + "\n"
    )
    print(done)
    return done
