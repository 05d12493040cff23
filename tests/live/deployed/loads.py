"""The report that scenarios keep of a load."""

import json
from dataclasses import asdict
from pathlib import Path

from sandbox.load import HttpReport

RATE = 50
"""Safe requests a second."""


def keep(directory: Path, name: str, report: HttpReport) -> None:
    """Write a report for people, and print its figures."""
    document = asdict(report)
    (directory / f"{name}.json").write_text(json.dumps(document, indent=2, default=str) + "\n")
    print(f"{name}: {report.sent} sent, {report.failed} failed {report.failures}, {report.latency}")
