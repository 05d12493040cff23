"""What the Pulumi CLI said that it did, in its own words, for the end of a test session's log."""

import re

_COUNTS = re.compile(r"^ +([^\w\s]+ ?)?\d+ (to )?(create|update|replace|delete|refresh|import|unchanged|errored)")
_FOLDER = re.compile(r"\S*/(?=\S)")
SUMMARIES: list[str] = []
"""One line for each command that counted resources."""


def keep_summary(command: str, said: str, seconds: float) -> None:
    """Keep the lines in which a command counts resources, if it has some."""
    counts = [" ".join(line.split()) for line in said.splitlines() if _COUNTS.match(line)]
    if counts:
        SUMMARIES.append(f"{' '.join(_FOLDER.sub('', command).split())}: {', '.join(counts)} ({seconds:.1f} s)")
