"""Targets that nobody else misses: of what was declared, and is not watched by a rule of its own component."""

import re
from collections.abc import Iterable, Iterator

from components.observability import AlertRule, Observability, ScrapeTarget

SECONDS = 600
"""What clients notice has a rule of its own, which is faster."""
_WATCHES = re.compile(r'(?:\bup|\babsent\(\w+)\{job(=~?)"([^"]*)"')
_COUNTS = re.compile(r'\w+\{job="([^"]*)"[^}]*\}\) or vector\(0\)\) < (\d+)')
"""By a figure of each replica: none is as few as can be."""


def missing_targets(declared: Iterable[Observability]) -> Observability:
    """One rule for all of them; none where each is watched."""
    parts = list(declared)
    rules = [rule for part in parts for rule in part.rules]
    unwatched = [target for part in parts for target in part.targets if not _is_watched(target, rules)]
    if not unwatched:
        return Observability()
    return Observability(
        rules=(
            AlertRule(
                name="TargetMissing",
                expr=" or ".join(_fewer(unwatched)),
                for_seconds=SECONDS,
                severity="warning",
                summary="only {{ $value }} targets of {{ $labels.job }} answer, fewer than the stack has: what they "
                "would tell is not noticed",
                runbook="docs/runbooks/target-missing.md",
            ),
        )
    )


def _is_watched(target: ScrapeTarget, rules: Iterable[AlertRule]) -> bool:
    """Whether a rule fires where its replicas do not answer, or nothing of them is known."""
    for rule in rules:
        if any(
            job == target.job if sign == "=" else re.fullmatch(job, target.job)
            for sign, job in _WATCHES.findall(rule.expr)
        ):
            return True
        if (target.job, str(target.expected)) in _COUNTS.findall(rule.expr):
            return True
    return False


def _fewer(targets: Iterable[ScrapeTarget]) -> Iterator[str]:
    """A target that no name leads to has no series at all."""
    for target in targets:
        none = f'label_replace(vector(0), "job", "{target.job}", "", "")'
        yield f'((sum by (job) (up{{job="{target.job}"}}) or {none}) < {target.expected})'
