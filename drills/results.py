"""Results of drills: a file for each platform, to which runs are added."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from drills.commands import REPOSITORY
from drills.errors import DrillError


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of a fault. `promised_outage_s` and `promised_lost`: None where there is no such promise. Outages are the
    longest time without an acknowledged write, `lost` acknowledged writes that are gone, `failed_requests` safe
    requests at the entry. `old_member`: what became of who was hit; `date`: the day (UTC)."""

    fault: str
    platform: str
    setting: str
    run: int
    promised_outage_s: float | None
    measured_outage_s: float
    promised_lost: int | None
    lost: int
    failed_requests: int
    old_member: str
    date: str

    @property
    def key(self) -> tuple[str, str, int]:
        """There is one of each."""
        return self.fault, self.setting, self.run


@dataclass(frozen=True)
class Machine:
    """What figures depend on; no name of it."""

    cores: int
    memory_gib: int
    kernel: str

    def __str__(self) -> str:
        return f"{self.cores} cores, {self.memory_gib} GiB of memory, Linux {self.kernel}"


def machine() -> Machine:
    """This one."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return Machine(cores=os.cpu_count() or 0, memory_gib=round(memory), kernel=platform.release())


class Results:
    """`out/drills-<platform>.json`. What is there stays; each run is written as soon as it ends."""

    def __init__(self, platform: str, directory: Path = REPOSITORY / "out") -> None:
        self.path = directory / f"drills-{platform}.json"
        document = self._read()
        try:
            self.all = [Result(**{field.name: one[field.name] for field in fields(Result)})
                        for one in document.get("results", [])]  # fmt: skip
            self.machine = Machine(**document["machine"]) if "machine" in document else None
        except (KeyError, TypeError, AttributeError) as error:
            raise DrillError(f"{self.path}: not results of drills ({error!r}). Move it away, or fix it.") from None

    def add(self, result: Result) -> None:
        """A run that is there is not measured twice."""
        self.require_this_machine()
        if any(one.key == result.key for one in self.all):
            raise DrillError(f"{self.path} has run {result.run} of {result.fault} already.")
        self.machine = machine()
        self.all.append(result)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        written = self.path.with_suffix(".new")
        document = {"machine": asdict(self.machine), "results": [asdict(one) for one in self.all]}
        written.write_text(json.dumps(document, indent=2) + "\n")
        written.replace(self.path)

    def require_this_machine(self) -> None:
        """Figures of two machines do not go together."""
        if self.machine not in (None, machine()):
            raise DrillError(f"{self.path} was measured on another machine ({self.machine}). Move it away.")

    def missing(self, faults: Iterable[str], setting: str, runs: int) -> list[tuple[str, int]]:
        """Runs that are not there: fault, number. First runs first, so that a stopped drill has a little of each."""
        there = {one.key for one in self.all}
        names = [*faults]
        return [(name, run) for run in range(1, runs + 1) for name in names if (name, setting, run) not in there]

    def next_run(self, fault: str, setting: str) -> int:
        """The number of one more run."""
        return 1 + max((one.run for one in self.all if (one.fault, one.setting) == (fault, setting)), default=0)

    def _read(self) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise DrillError(f"{self.path}: not JSON ({error}). Move it away, or fix it.") from None
        return document
