"""Which faults a drill takes."""

import difflib
from collections.abc import Mapping

from drills.errors import DrillError
from drills.fault import PLATFORMS, Fault

RUNS = 3
"""For a median."""
MOST_RUNS = 100


def platform_of(text: str) -> str:
    """A platform that drills know."""
    if text not in PLATFORMS:
        raise DrillError(f"PLATFORM={text} is not a platform of drills. Write PLATFORM=swarm or PLATFORM=kubernetes.")
    return text


def runs_of(text: str) -> int:
    """How many of each fault; empty: three."""
    if not text.strip():
        return RUNS
    if not text.strip().isascii() or not text.strip().isdigit() or not 1 <= int(text) <= MOST_RUNS:
        raise DrillError(f"RUNS={text} is not a number of runs. Write one from 1 to {MOST_RUNS}.")
    return int(text)


def chosen(only: str, platform: str, faults: Mapping[str, type[Fault]]) -> list[str]:
    """Names of faults, in the order in which they run; empty: all that the platform can show. Commas or spaces stand
    between names. Every fault of ONLY is in one report."""
    here = [name for name, fault in faults.items() if platform not in fault.not_on]
    names = only.replace(",", " ").split()
    wrong = [_refused(name, platform, faults) for name in names if name not in here]
    if wrong:
        raise DrillError("\n".join([*wrong, f"On {platform} there are: {', '.join(here)}."]))
    return [name for name in here if name in names or not names]


def _refused(name: str, platform: str, faults: Mapping[str, type[Fault]]) -> str:
    if name in faults:
        return f"ONLY: {platform} cannot show {name}: {faults[name].not_on[platform]}."
    near = difflib.get_close_matches(name, faults, 1)
    return f"ONLY: there is no fault {name}" + (f"; did you mean {near[0]}?" if near else ".")
