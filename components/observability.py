"""What a component declares about itself, so that monitoring needs no knowledge of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.verified import Verified

Severity = Literal["critical", "warning", "info"]
"""Wakes somebody; can wait until the morning; nobody has to do anything."""

ENTRY_DAYS_LEFT = "ha_entry_certificate_days_left"
"""The series of each given certificate of an entry, of Prometheus' own making."""


@dataclass(frozen=True, kw_only=True)
class ScrapeTarget:
    """Metrics served by every address that `replicas_host` resolves to: over plain HTTP, or by TLS where they are
    `verified`.

    `job` is unique in the stack and becomes the label `job` of each series; `expected` is the number of replicas
    (or the least number, where they scale) that should answer. `params` are added to the request's query, for
    exporters that are told what to look at; a name may come several times. `renamed`: a metric's name, and the one
    under which it is stored, both without the suffixes of histograms.
    """

    job: str
    replicas_host: str
    port: int
    path: str = "/metrics"
    expected: int = 1
    params: tuple[tuple[str, str], ...] = ()
    verified: Verified | None = None
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> dict[str, list[str]]:
        """The values of each of `params`."""
        found: dict[str, list[str]] = {}
        for name, value in self.params:
            found.setdefault(name, []).append(value)
        return found


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """Fires when the PromQL `expr` returned something for `for_seconds`.

    `name` is unique in the stack. `summary` is one sentence and may use Prometheus templates; `runbook` is a path in
    the repository, or empty. `component` is the name in the stack file of what the alert is about: the scope says it.

    While it fires, the rules named in `silences` tell nobody: they follow from it, and say nothing worse of what
    clients notice. A name that the stack does not have is passed over.
    """

    name: str
    expr: str
    for_seconds: int
    severity: Severity
    summary: str
    runbook: str = ""
    component: str = ""
    silences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One graph: the PromQL `expr`, in `unit` (Grafana's names: "reqps", "s", "bytes", "short", "percentunit")."""

    title: str
    expr: str
    unit: str = "short"


@dataclass(frozen=True, kw_only=True)
class WatchedCertificate:
    """A given certificate that clients see at `entry`, as PEM `text` of the given secret of this name: its days are
    counted down as `ENTRY_DAYS_LEFT`."""

    entry: str
    secret: str
    text: pulumi.Output[str]

    @property
    def labels(self) -> dict[str, str]:
        """Those of its series."""
        return {"entry": self.entry, "secret": self.secret}


@dataclass(frozen=True, kw_only=True)
class Observability:
    """Everything that one component gives to monitoring."""

    targets: tuple[ScrapeTarget, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    panels: tuple[Panel, ...] = ()
    certificates: tuple[WatchedCertificate, ...] = ()


def runbook(kind: str, suffix: str) -> str:
    """The path of a rule's page: `docs/runbooks/postgres-no-primary.md` of `Postgres` and `NoPrimary`."""
    return f"docs/runbooks/{kind.lower()}{re.sub('(?=[A-Z])', '-', suffix).lower()}.md"


def alert(
    kind: str,
    name: str,
    suffix: str,
    expr: str,
    for_seconds: int,
    severity: Severity,
    said: str,
    *,
    silences: Sequence[str] = (),
) -> AlertRule:
    """A rule of one component: `<kind>_<name><suffix>`, with the runbook of the kind and the words of its suffix.
    `silences` are suffixes of the same component."""
    label = f"{kind}_{name.replace('-', '_')}"
    return AlertRule(
        name=f"{label}{suffix}",
        expr=expr,
        for_seconds=for_seconds,
        severity=severity,
        summary=f"{label}: {said}",
        runbook=runbook(kind, suffix),
        silences=tuple(f"{label}{each}" for each in silences),
    )


def part_rule(part: str, suffix: str, expr: str, for_seconds: int, severity: Severity, summary: str) -> AlertRule:
    """The rule `<part><suffix>` about a part that stacks have once, with the page of that name."""
    return AlertRule(
        name=f"{part}{suffix}",
        expr=expr,
        for_seconds=for_seconds,
        severity=severity,
        summary=summary,
        runbook=runbook(part, suffix),
    )


def down_rule(
    component: str,
    target: ScrapeTarget,
    *,
    for_seconds: int = 60,
    severity: Severity = "critical",
    runbook: str = "",
    silences: Sequence[str] = (),
) -> AlertRule:
    """The rule that fires while fewer replicas of `target` answer than expected, or none is known. `silences` are
    suffixes of the same component.

    60 s are two scrapes of 30 s: one lost scrape is not an alert.
    """
    answering = f'sum(up{{job="{target.job}"}})'
    return AlertRule(
        name=f"{component}Down",
        expr=f"({answering} or vector(0)) < {target.expected}",
        for_seconds=for_seconds,
        severity=severity,
        summary=f"{component}: only {{{{ $value }}}} of {target.expected} replicas answer ({target.job})",
        runbook=runbook,
        silences=tuple(f"{component}{each}" for each in silences),
    )
