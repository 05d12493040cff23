"""A session whose visits a cache counts: what was answered once and comes again was lost."""

import asyncio
from itertools import pairwise

import httpx

from sandbox.load.client import ERRORS, BadStatus, kind_of, make_client
from sandbox.load.report import CountReport
from sandbox.load.tally import Tally


async def run_counts(
    url: str,
    *,
    seconds: float = 30,
    interval_ms: float = 50,
    timeout_seconds: float = 10,
    verify: bool = True,
    stop: asyncio.Event | None = None,
) -> CountReport:
    """Visits one session, one visit after the other, `interval_ms` apart, for `seconds` or until `stop`."""
    tally, counts, outage, last = Tally(), list[int](), 0.0, 0.0
    async with make_client(timeout_seconds=timeout_seconds, keep_cookies=True, verify=verify) as client:
        while tally.now() < seconds and not (stop and stop.is_set()):
            at = tally.now()
            try:
                async with asyncio.timeout(timeout_seconds):
                    response = await client.get(f"{url.rstrip('/')}/session")
                if response.status_code != httpx.codes.OK:
                    raise BadStatus(response)
            except ERRORS as error:
                tally.fail(at, kind_of(error), getattr(error, "replica", ""))
            else:
                counts.append(int(response.json()["count"]))
                tally.succeed(at, response.headers.get("x-replica", "?"))
                outage, last = max(outage, tally.now() - last), tally.now()
            await asyncio.sleep(interval_ms / 1000)
        elapsed = tally.now()
    return CountReport(
        acknowledged=len(counts),
        failed=tally.failed,
        failures=tally.failures,
        lost=lost_counts(counts),
        longest_outage_seconds=round(max(outage, elapsed - last), 3),
        seconds=round(elapsed, 3),
    )


def lost_counts(counts: list[int]) -> int:
    """How many that were answered are gone: after 7 the next is 8, or more where a command ran twice; after a loss of
    two it is 6."""
    return sum(max(0, before - after + 1) for before, after in pairwise(counts))
