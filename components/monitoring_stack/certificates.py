"""How long the certificates of the stack last: series of Prometheus' own making, and the rule on them.

The program knows when each ends; what a server has is what the state holds, for a renewal rolls whoever has it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pulumi
import yaml

from components.observability import ENTRY_DAYS_LEFT, AlertRule, Observability, Panel, WatchedCertificate
from settings.certificates import first_end

DAYS_LEFT = "ha_certificate_days_left"
_ALERT_DAYS = 21
_DAY_SECONDS = 24 * 3600


def counted_down(ends: Mapping[str, pulumi.Output[str]], watched: Sequence[WatchedCertificate]) -> pulumi.Output[str]:
    """The rules as text, when the certificates are there."""
    made = pulumi.Output.from_input(dict(ends))
    texts = pulumi.Output.from_input([one.text for one in watched])
    return pulumi.Output.all(made, texts).apply(
        lambda both: days_left_yml(both[0], [*zip((one.labels for one in watched), both[1], strict=True)])
    )


def days_left_yml(ends: Mapping[str, str], watched: Sequence[tuple[Mapping[str, str], str]] = ()) -> str:
    """Recording rules: for each name, and each given certificate by its labels, a series that counts down.
    `ends` are RFC 3339."""
    rules = [_rule(DAYS_LEFT, datetime.fromisoformat(end), {"certificate": name}) for name, end in sorted(ends.items())]
    for labels, text in watched:
        try:
            end = first_end(text)
        except ValueError:
            # No proxy starts with it: the update that brings it fails, and the certificate from before stays.
            continue
        rules.append(_rule(ENTRY_DAYS_LEFT, end, labels))
    return yaml.safe_dump({"groups": [{"name": "certificates", "rules": rules}]}, sort_keys=False, width=1000)


def _rule(record: str, end: datetime, labels: Mapping[str, str]) -> dict[str, Any]:
    expr = f"(vector({end.timestamp():.0f}) - time()) / {_DAY_SECONDS}"
    return {"record": record, "expr": expr, "labels": dict(labels)}


def certificates() -> Observability:
    """What is said of them."""
    rule = AlertRule(
        name="CertificateEnds",
        expr=f'{DAYS_LEFT}{{certificate!=""}} < {_ALERT_DAYS}',
        for_seconds=300,
        severity="warning",
        summary='the certificate {{ $labels.certificate }} ends in {{ $value | printf "%.0f" }} days',
        runbook="docs/runbooks/certificate-ends.md",
    )
    return Observability(rules=(rule,), panels=(Panel(title="Certificates: days left", expr=DAYS_LEFT),))
