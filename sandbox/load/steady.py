"""Safe requests at a constant rate, whatever the target does (open loop): a slow target does not slow the load."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import httpx

from sandbox.load.client import ERRORS, BadStatus, kind_of, make_client
from sandbox.load.report import HttpReport
from sandbox.load.tally import Tally


async def run_http(
    url: str,
    *,
    rate: float = 50,
    total: int = 2000,
    timeout_seconds: float = 10,
    keep_alive: bool = False,
    keep_cookies: bool = False,
    verify: bool = True,
    headers: Mapping[str, str] | None = None,
    least: int = 0,
    stop: asyncio.Event | None = None,
) -> HttpReport:
    """GETs `url` `rate` times a second, `total` times or until `stop`, and `least` times in any case; each has
    `timeout_seconds` in all.

    At most rate * timeout_seconds requests are open at a time. Never raises for the target's failures.
    """
    tally, versions, late = Tally(), Counter[str](), 0.0
    requests: set[asyncio.Task[None]] = set()
    sent = 0

    async def one(client: httpx.AsyncClient) -> None:
        at = tally.now()
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await client.get(url)
            if response.status_code != httpx.codes.OK:
                raise BadStatus(response)
        except ERRORS as error:
            tally.fail(at, kind_of(error), getattr(error, "replica", ""))
        else:
            tally.succeed(at, response.headers.get("x-replica", "?"))
            versions[response.headers.get("x-version", "?")] += 1

    async with make_client(
        timeout_seconds=timeout_seconds,
        keep_alive=keep_alive,
        keep_cookies=keep_cookies,
        verify=verify,
        headers=headers,
    ) as client:
        while sent < total and not (sent >= least and stop and stop.is_set()):
            ahead = sent / rate - tally.now()
            if ahead > 0:
                await asyncio.sleep(ahead)
            late = max(late, -ahead)
            request = asyncio.create_task(one(client))
            requests.add(request)
            request.add_done_callback(requests.discard)
            sent += 1
        await asyncio.gather(*requests)
    return HttpReport(
        sent=sent,
        ok=tally.ok,
        failed=tally.failed,
        failures=tally.failures,
        latency=tally.latency,
        replicas=tally.replicas,
        versions=dict(sorted(versions.items())),
        seconds=round(tally.now(), 3),
        late_ms=round(late * 1000, 1),
        first_failures=tally.first_failures,
    )
