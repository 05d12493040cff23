"""What each exporter of a stack really exports: `metrics/<exporter>.json`, written and checked from live ones.

`HA_RECORD=1` in the environment of a live test writes the file in place of comparing it; commit what changed, after
reading it. The linter (`linter.py`) knows no other metrics than these.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from drills.waiting import wait_for

DIRECTORY = Path(__file__).parent / "metrics"
SECONDS = 120
"""Some figures are told only after a first scrape, or a first look at a store."""
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
Values = dict[str, set[str]]
"""Label -> its values."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The labels of one metric's series. `closed` are those whose values the exporter's program fixes: no other can
    come."""

    labels: frozenset[str]
    closed: Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """One record: what ran, and what it said by the names of its metrics."""

    name: str
    program: str
    metrics: Mapping[str, Metric]


@cache
def recorded(name: str) -> Exporter:
    """What was seen of this exporter; FileNotFoundError where nothing was."""
    document = json.loads(_path(name).read_text())
    closed: dict[str, dict[str, list[str]]] = document["values"]
    metrics = {
        metric: Metric(
            labels=frozenset(labels),
            closed={label: frozenset(values) for label, values in closed.get(metric, {}).items()},
        )
        for metric, labels in document["metrics"].items()
    }
    return Exporter(name=name, program=document["program"], metrics=metrics)


def recorded_names() -> list[str]:
    """Every exporter that there is a record of."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


def version(command: Iterable[str | Path], option: str = "--version") -> str:
    """The number that a program says of itself."""
    done = subprocess.run([*command, option], capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    assert found, f"{done.stdout}{done.stderr}"
    return found[0]


def page(url: str, params: Mapping[str, str | list[str]] | None = None) -> str:
    """What an exporter answers; an OSError where it does not."""
    try:
        answer = httpx.get(url, params=params, timeout=60, trust_env=False)
        return answer.raise_for_status().text
    except httpx.HTTPError as error:
        raise OSError(error) from None


def exposed(pages: Iterable[str]) -> dict[str, Values]:
    """Metric -> label -> values, of pages in Prometheus' text format."""
    found: dict[str, Values] = {}
    for line in "\n".join(pages).splitlines():
        if sample := _SAMPLE.match(line):
            labels = found.setdefault(sample[1], {})
            for label, value in _LABEL.findall(sample[2] or ""):
                labels.setdefault(label, set()).add(value)
    return found


def compared(
    name: str, program: str, pages: Callable[[], Iterable[str]], *, closed: Iterable[str] = (), only: str = ""
) -> None:
    """Asserts that the live exporter still has every metric, label and closed value of its record.

    `program` is its name and version. `closed` are labels with values that the program fixes. `only`: a pattern of the
    metrics that do not depend on the machine; others are not recorded.
    """

    def live() -> dict[str, Values]:
        found = exposed(pages())
        return {metric: labels for metric, labels in found.items() if re.match(only, metric)}

    if os.environ.get("HA_RECORD") == "1":
        _write(name, program, live(), set(closed))
        return
    record, gone = recorded(name), [""]

    def is_whole() -> bool:
        gone[:] = vanished(record, live())
        if gone:
            raise LookupError(
                f"{program} has no more what {record.program} had: {', '.join(gone)}. Where that is right, write the "
                "record anew (HA_RECORD=1) and let `make check` say which rules read it"
            )
        return True

    wait_for(f"the metrics of {name}", is_whole, seconds=SECONDS, every=0.5)


def vanished(record: Exporter, live: Mapping[str, Values]) -> list[str]:
    """What the record has and the live exporter has not."""
    gone = []
    for metric, was in sorted(record.metrics.items()):
        if metric not in live:
            gone.append(metric)
            continue
        there = live[metric]
        gone += [f"{metric}{{{label}}}" for label in sorted(was.labels - there.keys())]
        for label, values in was.closed.items():
            gone += [f'{metric}{{{label}="{value}"}}' for value in sorted(values - there.get(label, set()))]
    return gone


def _write(name: str, program: str, live: Mapping[str, Values], closed: set[str]) -> None:
    """One metric a line, so that a difference is read as one."""
    metrics = [f"  {json.dumps(metric)}: {json.dumps(sorted(labels))}" for metric, labels in sorted(live.items())]
    values = [
        f"  {json.dumps(metric)}: "
        + json.dumps({label: sorted(live[metric][label]) for label in sorted(closed & live[metric].keys())})
        for metric in sorted(live)
        if closed & live[metric].keys()
    ]
    text = f'{{\n "program": {json.dumps(program)},\n "metrics": {_block(metrics)},\n "values": {_block(values)}\n}}\n'
    DIRECTORY.mkdir(exist_ok=True)
    _path(name).write_text(text)


def _block(lines: list[str]) -> str:
    return "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"


def _path(name: str) -> Path:
    return DIRECTORY / f"{name}.json"
