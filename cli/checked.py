"""What `up` checks where it cannot ask for an answer, said as no more than that."""

import time
from collections.abc import Mapping

from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.progress import say

DEADLINE_SECONDS = 60
"""For what an engine does not wait for (one task on every host), and replicas that just ended."""


def say_what_was_checked(on: Operations, resources: Resources, not_asked: Mapping[str, str], *, status: str) -> None:
    """Say which balancers were not asked, and that all workloads are ready. Raises CommandError if one is not."""
    for name, why in not_asked.items():
        say(f"  {name} was not asked: {why}")
    if not not_asked:
        say("  no request was made: the stack has no balancer")
    ready = _all_ready(on, resources, status)
    say(f"  checked instead: {ready} of {ready} workloads pass the health checks of the hosts")
    say("  not checked: that a request from outside gets an answer")


def _all_ready(on: Operations, resources: Resources, status: str) -> int:
    """How many workloads there are, once all of them are ready."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        rows = list(on.rows(resources))
        wrong = [row for row in rows if row.wrong]
        if not wrong:
            return len(rows)
        if time.monotonic() > deadline:
            said = "; ".join(f"{row.name}: {row.wrong}" for row in wrong)
            raise CommandError(f"not ready within {DEADLINE_SECONDS} s: {said}; `{status}` shows what runs.")
        time.sleep(1)
