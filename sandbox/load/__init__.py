"""Load with bookkeeping: what was sent, what failed and why, which replica answered, which writes were lost."""

from sandbox.load.background import Running, in_background
from sandbox.load.counts import run_counts
from sandbox.load.report import CountReport, HttpReport, StreamReport, WriteReport
from sandbox.load.steady import run_http
from sandbox.load.streams import run_streams
from sandbox.load.writes import run_writes

__all__ = [
    "CountReport",
    "HttpReport",
    "Running",
    "StreamReport",
    "WriteReport",
    "in_background",
    "run_counts",
    "run_http",
    "run_streams",
    "run_writes",
]
