"""How long the certificates of the stack last: series of Prometheus' own making, and the rule on them.

The program knows when each ends; what a server has is what the state holds, for a renewal rolls whoever has it.
"""

from collections.abc import Mapping
from datetime import datetime

import yaml

from components.observability import AlertRule, Observability, Panel

DAYS_LEFT = "ha_certificate_days_left"
_ALERT_DAYS = 21
_DAY_SECONDS = 24 * 3600


def days_left_yml(ends: Mapping[str, str]) -> str:
    """Recording rules: for each name a series that counts down. `ends` are RFC 3339."""
    rules = [
        {
            "record": DAYS_LEFT,
            "expr": f"(vector({datetime.fromisoformat(end).timestamp():.0f}) - time()) / {_DAY_SECONDS}",
            "labels": {"certificate": name},
        }
        for name, end in sorted(ends.items())
    ]
    return yaml.safe_dump({"groups": [{"name": "certificates", "rules": rules}]}, sort_keys=False, width=1000)


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
