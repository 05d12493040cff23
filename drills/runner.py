"""One run of a fault: load, the fault, until all is well again; and what the load saw of it."""

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from drills.fault import Fault
from drills.loads import SAFE_PATH, answers
from drills.results import Result
from drills.settings import PRODUCT
from drills.waiting import wait_for
from sandbox.load import CountReport, HttpReport, WriteReport, in_background, run_counts, run_http, run_writes

INTERVAL_MS = 50
"""Between two writes, two visits and two requests."""
STEADY_SECONDS = 3.0
"""Of load before the fault and after its end; the load itself is the condition."""
WELL_SECONDS = 240
LOOK_SECONDS = 2.0
"""Between two looks whether all is well again: each starts programs in members, and takes processor from what is
measured."""
LONGEST_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """The result, and the reports it is made of. `counts`: where the cache is measured; `messages`: where the broker
    is."""

    result: Result
    writes: WriteReport
    requests: HttpReport
    counts: CountReport | None
    messages: WriteReport | None
    healed_seconds: float
    """From the fault until all was well."""

    def __str__(self) -> str:
        one = self.result
        of = "" if one.promised_outage_s is None else f" of {one.promised_outage_s:g} promised"
        lost = "" if one.promised_lost is None else f" of {one.promised_lost}"
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.requests.failures.items())
        failed = f"{one.failed_requests} of {self.requests.sent} requests failed" + (f" ({kinds})" if kinds else "")
        return (
            f"{one.platform} {one.fault} run {one.run}: no writes for {one.measured_outage_s:g} s{of}; "
            f"{one.lost}{lost} lost; {failed}; all well after {self.healed_seconds:.1f} s"
        ) + (f"; {one.old_member}" if one.old_member else "")


def drill(
    fault: Fault, run: int, *, setting: str = PRODUCT, rate: float = 1000 / INTERVAL_MS, least: int = 0
) -> Drilled:
    """`rate` safe requests a second at the entry, `least` or more in all, beside a writer every 50 ms.

    Raises AssertionError where all is not well before the fault, or not again in time. What the fault holds is let go
    then too: the next `up` does not see what was done past the stack.
    """
    wait_for(f"{fault.name}: all is well before it", fault.well, seconds=WELL_SECONDS)
    try:
        drilled = _measured(fault, run, setting=setting, rate=rate, least=least)
    except Exception:
        for let_go in (fault.heal, fault.clean):
            with suppress(Exception):  # it may have nothing to let go: the first error is the one to tell
                let_go()
        raise
    fault.clean()
    return drilled


def _measured(fault: Fault, run: int, *, setting: str, rate: float, least: int) -> Drilled:
    fault.aim()
    answers(fault.url, "/ready")
    promised, url, started = fault.promised(), fault.url, time.monotonic()
    most = int(LONGEST_SECONDS * rate)
    with ExitStack() as stack:
        writer = stack.enter_context(in_background(lambda stop: run_writes(url, seconds=LONGEST_SECONDS, stop=stop)))
        reader = stack.enter_context(
            in_background(lambda stop: run_http(f"{url}{SAFE_PATH}", rate=rate, total=most, least=least, stop=stop))
        )
        counter = publisher = None
        if fault.measures == "broker":
            publisher = stack.enter_context(
                in_background(lambda stop: run_writes(url, path="/messages", seconds=LONGEST_SECONDS, stop=stop))
            )
        if fault.measures == "cache":
            counter = stack.enter_context(
                in_background(lambda stop: run_counts(url, seconds=LONGEST_SECONDS, stop=stop))
            )
        time.sleep(STEADY_SECONDS)
        struck = time.monotonic()
        fault.inject()
        fault.heal()
        wait_for(f"{fault.name}: all is well again", fault.healed, seconds=fault.seconds, every=LOOK_SECONDS)
        healed = time.monotonic() - struck
        time.sleep(max(STEADY_SECONDS, 1 + least / rate - (time.monotonic() - started)))
        writer.stop()
        reader.stop()
        for other in (counter, publisher):
            if other:
                other.stop()
        writes, requests = writer.result(timeout_seconds=240), reader.result(timeout_seconds=240)
        counts = counter.result(timeout_seconds=240) if counter else None
        messages = publisher.result(timeout_seconds=240) if publisher else None
    loss = 0 if promised is None else promised.loss.bound
    result = Result(
        fault=fault.name,
        platform=fault.site.platform,
        setting=setting,
        run=run,
        promised_outage_s=None if promised is None or promised.outage_millis is None else promised.outage_millis / 1000,
        measured_outage_s=(counts or messages or writes).longest_outage_seconds,
        promised_lost=None if loss is None else loss // INTERVAL_MS,
        lost=fault.also_lost() + (counts.lost if counts else len((messages or writes).lost)),
        failed_requests=requests.failed,
        old_member=fault.old_member(),
        date=datetime.now(UTC).date().isoformat(),
    )
    return Drilled(
        result=result, writes=writes, requests=requests, counts=counts, messages=messages, healed_seconds=healed
    )
