"""The page of drills: written from the results of a full run, and only from them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from drills.chart import Bar, chart
from drills.commands import REPOSITORY
from drills.errors import DrillError
from drills.fault import PLATFORMS
from drills.faults import FAULTS
from drills.plan import RUNS, chosen
from drills.results import Result, Results
from drills.settings import PRODUCT, SETTINGS, STOCK

_HEAD = """\
# Drills

Faults on the deployed platform, under a writer and a reader that knock every 50 ms; `make drill` runs them
([how](../drills/README.md)). An outage is the longest time without an acknowledged write; what is promised is what
`make preview` prints of the same stack. A dash: nothing is promised.
"""

_STOCK = """\
The longest outages beside those with stock settings, on the same stack and machine (`make drill SETTING=stock`):
asynchronous replication with Patroni's own 30, 10 and 10 s, Sentinel with 10 and 60 s and a master that takes writes
alone, and no retries at the entry.
"""

_COLUMNS = (
    *("fault", "what happens", "runs", "median, s", "longest, s", "promised, s"),
    *("lost", "promised at most", "failed requests", "who was hit"),
)


def write_pages(out: Path = REPOSITORY / "out", docs: Path = REPOSITORY / "docs", *, runs: int = RUNS) -> list[str]:
    """Write docs/drills.md and a chart for each platform with a full run: every fault `runs` times or more. Raises
    DrillError where there is none."""
    full, lacking = {}, []
    for platform in PLATFORMS:
        results = Results(platform, out)
        missing = results.missing(chosen("", platform, FAULTS), PRODUCT, runs)
        if missing:
            lacking.append(f"{platform}: {len(missing)} runs are missing; `make drill PLATFORM={platform}` adds them.")
        else:
            full[platform] = results
    if not full:
        raise DrillError("there is no full run, and so no page. " + " ".join(lacking))
    texts = [_HEAD]
    for platform, results in full.items():
        known = _of_setting(results, PRODUCT)
        name = f"drills-{platform}.svg"
        (docs / name).write_text(
            chart(f"{platform}: seconds without writes (median / longest / promised)", _bars(known))
        )
        texts.append(_of(platform, name, str(results.machine), known))
        texts += _beside(known, _of_setting(results, STOCK))
    (docs / "drills.md").write_text("\n".join(texts))
    return [f"drill: wrote docs/drills.md: {', '.join(full)}", *lacking]


def _of(platform: str, picture: str, machine: str, results: Sequence[Result]) -> str:
    dates = sorted({one.date for one in results})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    lines = [
        f"## {platform}",
        "",
        f"Three sandbox hosts on one machine ({machine}), {when}.",
        "",
        f"![Median, longest and promised outage of each fault on {platform}]({picture})",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for name, runs in _by_fault(results).items():
        outages = [one.measured_outage_s for one in runs]
        cells = (
            *(name, FAULTS[name].does, len(runs), f"{median(outages):g}", f"{max(outages):g}"),
            *(_most(one.promised_outage_s for one in runs), max(one.lost for one in runs)),
            *(_most(one.promised_lost for one in runs), max(one.failed_requests for one in runs)),
            "; ".join(sorted({one.old_member for one in runs if one.old_member})) or "-",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join([*lines, ""])


def _of_setting(results: Results, setting: str) -> list[Result]:
    return [one for one in results.all if one.setting == setting and one.fault in SETTINGS[setting].of(FAULTS)]


def _beside(ours: Sequence[Result], stock: Sequence[Result]) -> list[str]:
    """The same faults with the settings that others ship; nothing where none was run."""
    if not stock:
        return []
    lines = [
        _STOCK,
        "| fault | product, s | stock, s | stock / product | lost, product | lost, stock |",
        "|---" * 6 + "|",
    ]
    own = _by_fault(ours)
    for name, runs in _by_fault(stock).items():
        longest = [max(one.measured_outage_s for one in them) for them in (own[name], runs)]
        ratio = f"{longest[1] / longest[0]:.1f}" if longest[0] else "-"
        lost = (max(one.lost for one in them) for them in (own[name], runs))
        lines.append("| " + " | ".join([name, *(f"{one:g}" for one in longest), ratio, *map(str, lost)]) + " |")
    return ["\n".join([*lines, ""])]


def _bars(results: Sequence[Result]) -> list[Bar]:
    bars = []
    for name, runs in _by_fault(results).items():
        outages = [one.measured_outage_s for one in runs]
        promises = [one.promised_outage_s for one in runs if one.promised_outage_s is not None]
        promised = max(promises, default=None)
        bars.append(Bar(name=name, median=round(median(outages), 3), longest=max(outages), promised=promised))
    return bars


def _by_fault(results: Sequence[Result]) -> dict[str, list[Result]]:
    found = {name: [one for one in results if one.fault == name] for name in FAULTS}
    return {name: runs for name, runs in found.items() if runs}


def _most(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{max(known):g}" if known else "-"
