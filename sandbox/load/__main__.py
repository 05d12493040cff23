"""`python -m sandbox.load http|streams|writes --url ...`: prints the report as JSON."""

import argparse
import asyncio
import json
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.load.report import HttpReport, StreamReport, WriteReport
from sandbox.load.steady import run_http
from sandbox.load.streams import run_streams
from sandbox.load.writes import NotVerified, run_writes

Report = HttpReport | StreamReport | WriteReport


def main(arguments: list[str] | None = None) -> int:
    """0: nothing failed, broke or was lost; 1: something was (the report says what); 2: wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        report = asyncio.run(_run(options))
    except NotVerified as error:
        print(error, file=sys.stderr)
        return 1
    text = json.dumps({"kind": options.kind, "clean": report.clean, **asdict(report)}, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 0 if report.clean else 1


def _run(options: argparse.Namespace) -> Coroutine[Any, Any, Report]:
    verify = not options.insecure
    if options.kind == "http":
        return run_http(
            options.url,
            rate=options.rate,
            total=options.total,
            timeout_seconds=options.timeout,
            keep_alive=options.keep_alive,
            keep_cookies=options.keep_cookies,
            verify=verify,
        )
    if options.kind == "streams":
        return run_streams(
            options.url,
            count=options.count,
            tokens=options.tokens,
            delay_ms=options.delay_ms,
            ramp_seconds=options.ramp,
            verify=verify,
        )
    return run_writes(
        options.url,
        seconds=options.seconds,
        interval_ms=options.interval_ms,
        timeout_seconds=options.timeout,
        verify=verify,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.load", description="Load with bookkeeping.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    http = kinds.add_parser("http", help="safe requests at a constant rate")
    streams = kinds.add_parser("streams", help="chat streams in parallel")
    writes = kinds.add_parser("writes", help="numbered writes, verified afterwards")
    for kind in (http, streams, writes):
        kind.add_argument("--url", type=_url, required=True, help="http: the page; else the application's base")
        kind.add_argument("--insecure", action="store_true", help="accept any certificate")
        kind.add_argument("--out", type=Path, help="also write the report to this file")
    for kind in (http, writes):
        kind.add_argument("--timeout", type=_positive, default=10, help="seconds for one request")
    http.add_argument("--rate", type=_positive, default=50, help="requests a second")
    http.add_argument("--total", type=_count, default=2000, help="requests in all")
    http.add_argument("--keep-alive", action="store_true", help="use connections again")
    http.add_argument("--keep-cookies", action="store_true", help="send cookies back, as a browser does")
    streams.add_argument("--count", type=_count, default=10)
    streams.add_argument("--tokens", type=_count, default=40)
    streams.add_argument("--delay-ms", type=_count, default=50, help="between two tokens")
    streams.add_argument("--ramp", type=float, default=0, help="seconds within which the streams start")
    writes.add_argument("--seconds", type=_positive, default=30)
    writes.add_argument("--interval-ms", type=_positive, default=50, help="between two writes")
    return parser


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL: write http://host:port/path")
    return text


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range: write a number above 0 and below 1000000")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range: write a whole number from 1 to 1000000")
    return number


if __name__ == "__main__":
    sys.exit(main())
