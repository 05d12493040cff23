"""A writer that remembers what was acknowledged to it, and afterwards asks which of it is gone."""

import asyncio
import itertools
import uuid

import httpx

from sandbox.load.client import ERRORS, BadStatus, kind_of, make_client
from sandbox.load.report import WriteReport
from sandbox.load.tally import Tally

MAX_WRITES = 100_000
"""What the application lists at most when asked for missing writes."""
_VERIFY_SECONDS = 90.0
"""For the write endpoint to come back after the last fault (a lost host costs up to 35 s with default timers)."""


class NotVerified(Exception):
    """The application did not answer which writes are stored, so nothing can be said about lost ones."""


async def run_writes(
    url: str,
    *,
    path: str = "/writes",
    writer: str | None = None,
    seconds: float = 30,
    interval_ms: float = 50,
    timeout_seconds: float = 10,
    verify: bool = True,
    stop: asyncio.Event | None = None,
) -> WriteReport:
    """Writes 1, 2, 3... one after the other, `interval_ms` apart, for `seconds` or until `stop`, then verifies.

    `path` is where numbers go, and where the application says which are missing (`<path>/missing`). A failed number is
    not tried again. `writer` must be new (default: a random name). Raises NotVerified.
    """
    name = writer or f"writer-{uuid.uuid4().hex[:12]}"
    endpoint = f"{url.rstrip('/')}{path}"
    tally, acknowledged, outage, last = Tally(), set[int](), 0.0, 0.0
    sent = 0
    async with make_client(timeout_seconds=timeout_seconds, verify=verify) as client:
        for sequence in itertools.count(1):
            if tally.now() >= seconds or sequence > MAX_WRITES or (stop and stop.is_set()):
                break
            at, sent = tally.now(), sequence
            try:
                async with asyncio.timeout(timeout_seconds):
                    response = await client.post(endpoint, json={"writer": name, "sequence": sequence})
                if response.status_code != httpx.codes.OK:
                    raise BadStatus(response)
            except ERRORS as error:
                tally.fail(at, kind_of(error), getattr(error, "replica", ""))
            else:
                acknowledged.add(sequence)
                tally.succeed(at, response.headers.get("x-replica", "?"))
                outage, last = max(outage, tally.now() - last), tally.now()
            await asyncio.sleep(interval_ms / 1000)
        elapsed = tally.now()
        missing = await _missing(client, endpoint, name, sent)
    return WriteReport(
        writer=name,
        sent=sent,
        acknowledged=len(acknowledged),
        failed=tally.failed,
        failures=tally.failures,
        lost=tuple(sorted(acknowledged & missing)),
        stored_unacknowledged=sent - len(acknowledged | missing),
        longest_outage_seconds=round(max(outage, elapsed - last), 3),
        latency=tally.latency,
        replicas=tally.replicas,
        seconds=round(elapsed, 3),
        first_failures=tally.first_failures,
    )


async def _missing(client: httpx.AsyncClient, endpoint: str, writer: str, upto: int) -> set[int]:
    tally = Tally()
    while True:
        try:
            response = await client.get(f"{endpoint}/missing", params={"writer": writer, "upto": upto})
            if response.status_code != httpx.codes.OK:
                raise BadStatus(response)
            return set(response.json()["missing"])
        except ERRORS as error:
            if tally.now() > _VERIFY_SECONDS:
                raise NotVerified(
                    f"{endpoint}/missing did not answer in {_VERIFY_SECONDS:.0f} s: {kind_of(error)}"
                ) from None
        await asyncio.sleep(0.5)
