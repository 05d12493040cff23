"""Previews of 10 and 100 workloads, against a bare program that registers the same resources."""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Sample, preview
from benchmarks.stacks import PLATFORMS, stack_settings, write_bare_program, write_stack_file
from cli.stack_file import REPOSITORY

SIZES = (10, 100)
ROUNDS = 3
"""Both programs take turns, so that what else the machine does meets both; the median counts."""


def against_a_bare_program() -> list[dict[str, Any]]:
    """One entry for each platform and size; the larger size also says what each further resource costs."""
    results = [_compare(platform, size) for platform in PLATFORMS for size in SIZES]
    for platform in PLATFORMS:
        small, large = (one for one in results if one["platform"] == platform)
        per_resource = (large["seconds"] - small["seconds"]) / (large["resources"] - small["resources"])
        bare = (large["bare_seconds"] - small["bare_seconds"]) / (large["resources"] - small["resources"])
        large["milliseconds_per_resource"] = round(per_resource * 1000, 2)
        large["bare_milliseconds_per_resource"] = round(bare * 1000, 2)
    return results


def _compare(platform: str, workloads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        bare_directory = Path(temporary) / "bare"
        bare_directory.mkdir()
        settings = stack_settings(platform, workloads)
        stack_file = write_stack_file(Path(temporary), settings)
        resources = write_bare_program(bare_directory, settings)
        ours: list[Sample] = []
        bare: list[Sample] = []
        for number in range(ROUNDS):
            state = Path(temporary) / f"state-{number}"
            ours.append(preview(REPOSITORY, stack_file=stack_file, state=state / "ours"))
            bare.append(preview(bare_directory, stack_file=None, state=state / "bare"))
    seconds, bare_seconds = (statistics.median(one.seconds for one in samples) for samples in (ours, bare))
    memory, bare_memory = (statistics.median(one.mebibytes for one in samples) for samples in (ours, bare))
    return {
        "platform": platform,
        "workloads": workloads,
        "resources": resources,
        "seconds": round(seconds, 2),
        "bare_seconds": round(bare_seconds, 2),
        "time_ratio": round(seconds / bare_seconds, 2),
        "mebibytes": round(memory),
        "bare_mebibytes": round(bare_memory),
        "memory_ratio": round(memory / bare_memory, 2),
    }
