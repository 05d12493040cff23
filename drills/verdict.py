"""What results say of the promises."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from drills.fault import Fault
from drills.results import Result

TOO_WIDE = 2
"""A promise above so many times the longest measured outage says nothing."""
ENOUGH_RUNS = 5
"""Of a fault, before its longest outage stands for the worst one: timers are in a random phase when a fault comes."""


def broken(results: Iterable[Result], faults: Mapping[str, type[Fault]]) -> Iterator[str]:
    """Each promise that was not kept, run by run; and each that is too wide, over all runs where they are enough."""
    known = [one for one in results if one.fault in faults]
    for one in known:
        yield from _of_run(one, faults[one.fault])
    for _, group in groupby(sorted(known, key=_group), _group):
        yield from _of_all([*group], faults)


def _group(one: Result) -> tuple[str, str, str]:
    return one.platform, one.fault, one.setting


def _of_run(one: Result, fault: type[Fault]) -> Iterator[str]:
    where = f"{one.platform} {one.fault} run {one.run}"
    if one.promised_outage_s is not None and one.measured_outage_s > one.promised_outage_s:
        yield f"{where}: no writes for {one.measured_outage_s:g} s, promised {one.promised_outage_s:g} s"
    if one.promised_lost is not None and one.lost > one.promised_lost:
        yield f"{where}: {one.lost} acknowledged writes lost, promised at most {one.promised_lost}"
    allowed = fault.failed_requests.get(one.platform)
    if allowed is not None and one.failed_requests > allowed:
        yield f"{where}: {one.failed_requests} safe requests failed, promised at most {allowed}"


def _of_all(runs: Sequence[Result], faults: Mapping[str, type[Fault]]) -> Iterator[str]:
    if len(runs) < ENOUGH_RUNS:
        return
    first, longest = runs[0], max(one.measured_outage_s for one in runs)
    promised = max((one.promised_outage_s for one in runs if one.promised_outage_s is not None), default=None)
    if promised is not None and faults[first.fault].tight and promised > TOO_WIDE * longest:
        yield (
            f"{first.platform} {first.fault}: {promised:g} s are promised, more than twice the longest of {len(runs)} "
            f"measured outages ({longest:g} s)"
        )
