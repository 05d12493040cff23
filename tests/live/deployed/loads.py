"""The load that the scenarios run beside a fault, and the report they keep of it."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from drills.loads import SAFE_PATH
from sandbox.load import HttpReport, in_background, run_http

RATE = 50
TOTAL = 2000


def under_load(
    url: str, fault: Callable[[], None], *, total: int = TOTAL, path: str = SAFE_PATH, after: float = 5
) -> HttpReport:
    """`total` safe requests at 50 a second; `fault` happens `after` seconds in. Returns when all have ended."""
    import time

    with in_background(lambda stop: run_http(f"{url}{path}", rate=RATE, total=total, stop=stop)) as load:
        time.sleep(after)  # the load itself is the condition: steady before the fault
        fault()
        return load.result(timeout_seconds=total / RATE + 120)


def keep(directory: Path, name: str, report: HttpReport) -> None:
    """Write a report for people, and print its figures."""
    document = asdict(report)
    (directory / f"{name}.json").write_text(json.dumps(document, indent=2, default=str) + "\n")
    print(f"{name}: {report.sent} sent, {report.failed} failed {report.failures}, {report.latency}")
