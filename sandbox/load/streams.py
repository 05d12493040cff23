"""Chat streams in parallel; each must arrive to its end."""

import asyncio
import json

import httpx

from sandbox.load.client import ERRORS, BadStatus, Incomplete, kind_of, make_client
from sandbox.load.report import StreamReport
from sandbox.load.tally import Tally

_SLACK_SECONDS = 30.0
"""What a stream may take beyond its tokens before it counts as broken."""


class _Counts:
    def __init__(self) -> None:
        self.tokens = 0
        self.stored = 0
        self.longest_gap = 0.0


async def run_streams(
    url: str,
    *,
    count: int = 10,
    tokens: int = 40,
    delay_ms: int = 50,
    ramp_seconds: float = 0,
    verify: bool = True,
) -> StreamReport:
    """Starts `count` chat streams at the application's base `url`, evenly within `ramp_seconds`; waits for all.

    Bounded: a stream has the time of its tokens and 30 s more. Never raises for the target's failures.
    """
    tally, counts = Tally(), _Counts()
    limit = tokens * delay_ms / 1000 + _SLACK_SECONDS
    parameters = {"prompt": "hello", "tokens": str(tokens), "delay_ms": str(delay_ms)}

    async def one(client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(ramp_seconds * number / count)
        at, replica = tally.now(), ""
        try:
            async with (
                asyncio.timeout(limit),
                client.stream("GET", f"{url.rstrip('/')}/chat", params=parameters) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise BadStatus(response)
                replica = response.headers.get("x-replica", "?")
                await _read(response, tokens, tally, counts)
        except ERRORS as error:
            tally.fail(at, kind_of(error), replica or getattr(error, "replica", ""))
        else:
            tally.succeed(at, replica)

    async with make_client(timeout_seconds=limit, verify=verify) as client:
        await asyncio.gather(*(one(client, number) for number in range(count)))
    return StreamReport(
        started=count,
        complete=tally.ok,
        broken=tally.failed,
        failures=tally.failures,
        tokens=counts.tokens,
        stored=counts.stored,
        longest_gap_ms=round(counts.longest_gap * 1000, 1),
        replicas=tally.replicas,
        seconds=round(tally.now(), 3),
        first_failures=tally.first_failures,
    )


async def _read(response: httpx.Response, tokens: int, tally: Tally, counts: _Counts) -> None:
    """Raises Incomplete unless every token and the final event came."""
    received, last = 0, tally.now()
    async for line in response.aiter_lines():
        if not line.startswith("data: "):
            continue
        message = json.loads(line.removeprefix("data: "))
        if message.get("done"):
            if received != tokens:
                raise Incomplete("tokens missing")
            counts.stored += bool(message["stored"])
            return
        received += 1
        counts.tokens += 1
        now = tally.now()
        counts.longest_gap, last = max(counts.longest_gap, now - last), now
    raise Incomplete("ended early")
