"""The load that the scenarios run beside a fault, and the report they keep of it."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from sandbox.load import HttpReport, in_background, run_http
from tests.live.deployed.waiting import wait_for

RATE = 50
TOTAL = 2000
SAFE_PATH = "/work?ms=50"
"""A safe request of 50 ms that needs no database."""


def under_load(
    url: str, fault: Callable[[], None], *, total: int = TOTAL, path: str = SAFE_PATH, after: float = 5
) -> HttpReport:
    """`total` safe requests at 50 a second; `fault` happens `after` seconds in. Returns when all have ended."""
    import time

    with in_background(lambda stop: run_http(f"{url}{path}", rate=RATE, total=total, stop=stop)) as load:
        time.sleep(after)  # the load itself is the condition: steady before the fault
        fault()
        return load.result(timeout_seconds=total / RATE + 120)


def answers(url: str, path: str = "/health") -> None:
    """Wait until a URL answers 200."""
    import httpx

    def ok() -> bool:
        try:
            return httpx.get(f"{url}{path}", timeout=5).status_code == 200
        except httpx.HTTPError as error:
            raise OSError(str(error)) from error

    wait_for(f"{url}{path} answers", ok, seconds=120)


def keep(directory: Path, name: str, report: HttpReport) -> None:
    """Write a report for people, and print its figures."""
    document = asdict(report)
    (directory / f"{name}.json").write_text(json.dumps(document, indent=2, default=str) + "\n")
    print(f"{name}: {report.sent} sent, {report.failed} failed {report.failures}, {report.latency}")
