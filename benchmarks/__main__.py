"""`make bench`: what the program costs against a bare one, and what the sandbox engine costs and saves.

Runs what this machine can run, says what it left out, and writes out/bench.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import engines
from benchmarks.bare import ROUNDS, against_a_bare_program
from benchmarks.fresh import fresh
from benchmarks.lines import lines
from cli.stack_file import REPOSITORY

TESTS = ("tests/engine", "tests/conformance")
PARTS = ("lines", "tests", "offline", "deployed", "bare", "fresh")


def main() -> int:
    """Print tables and write out/bench.json; parts that are not asked for keep what an earlier run wrote of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all but fresh, which takes minutes")
    asked = parser.parse_args().parts or [part for part in PARTS if part != "fresh"]
    path = REPOSITORY / "out" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for part in asked:
        results |= {"machine": _machine(), part: globals()[f"_{part}"]()}
        path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"bench: wrote {path.relative_to(REPOSITORY)}")
    return 0


def _machine() -> dict[str, float]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {"processors": os.cpu_count() or 0, "gibibytes": round(memory), "load": round(os.getloadavg()[0], 1)}


def _lines() -> dict[str, int]:
    counted = lines()
    _print(("lines of Python", ""), counted.items())
    return counted


def _tests() -> dict[str, float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-m", "not live", *TESTS],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"bench: the engine's tests fail:\n{done.stdout[-2000:]}")
    taken = {"seconds": round(time.monotonic() - started, 1)}
    _print(("the engine's tests offline, one worker", "s"), taken.items())
    return taken


def _offline() -> dict[str, float]:
    medians = {said: round(statistics.median(all), 1) for said, all in engines.offline(ROUNDS).items()}
    if len(medians) == 1:
        print("bench: no Pulumi CLI (`make pulumi` builds one): the sandbox engine alone is measured")
    _print(("preview of dev without a host", "s"), _with_ratio(medians))
    return medians


def _deployed() -> dict[str, Any] | str:
    taken = engines.deployed()
    if isinstance(taken, str):
        print(f"bench: LEFT OUT, dev on a sandbox host by either engine: {taken}")
        return taken
    rows = [(step, *_with_ratio({said: round(one[step], 1) for said, one in taken.items()})) for step in engines.STEPS]
    _print(("dev on a sandbox host, s", *taken, "ratio"), [(row[0], *(value for _, value in row[1:])) for row in rows])
    return {said: {step: round(seconds, 1) for step, seconds in one.items()} for said, one in taken.items()}


def _bare() -> list[dict[str, Any]]:
    results = against_a_bare_program()
    keys = ("seconds", "bare_seconds", "time_ratio", "mebibytes", "bare_mebibytes", "memory_ratio")
    head = ("platform", "workloads", "resources", "s", "bare", "ratio", "MiB", "bare", "ratio")
    _print(head, [tuple(one[key] for key in ("platform", "workloads", "resources", *keys)) for one in results])
    return results


def _fresh() -> dict[str, float]:
    taken = {step: round(seconds) for step, seconds in fresh().items()}
    _print(("`make up` in a fresh clone", "s"), taken.items())
    return dict(taken)


def _with_ratio(by_engine: Mapping[str, float]) -> list[tuple[str, float]]:
    values = list(by_engine.values())
    ratio = [("ratio", round(values[1] / values[0], 2))] if len(values) == 2 else []
    return [*by_engine.items(), *ratio]


def _print(head: Sequence[str], rows: Any) -> None:
    table = Table(*head, box=None)
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
