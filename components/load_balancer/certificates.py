"""The given certificates that clients of a balancer see: who tells before they end.

The proxies do not export it, whatever their engine. The program has the certificate, and a renewed one is given to it.
"""

from collections.abc import Iterator, Mapping

import pulumi

from components.load_balancer.settings import LoadBalancerSettings
from components.observability import (
    ENTRY_DAYS_LEFT,
    AlertRule,
    Observability,
    Panel,
    Severity,
    WatchedCertificate,
    alert,
)

WARN_DAYS, WAKE_DAYS = 21, 3
"""The first is that of the stack's own certificates; the second leaves a weekend."""
SECONDS = 300


def watched(name: str, settings: LoadBalancerSettings, values: Mapping[str, pulumi.Output[str]]) -> Observability:
    """Nothing where none is given: an issuer renews its own."""
    certificates = tuple(
        WatchedCertificate(entry=name, secret=secret, text=values[secret])
        for secret in dict.fromkeys(_secrets(settings))
        if secret in values
    )
    if not certificates:
        return Observability()
    return Observability(
        rules=tuple(rules(name)),
        panels=(Panel(title=f"{name}: days left of its certificates", expr=_days(name)),),
        certificates=certificates,
    )


def rules(name: str) -> Iterator[AlertRule]:
    """The second one silences the first."""
    said = 'the certificate of the given secret {{ $labels.secret }} ends in {{ $value | printf "%.1f" }} days'
    kinds: tuple[tuple[str, int, Severity, tuple[str, ...]], ...] = (
        ("CertificateEnds", WARN_DAYS, "warning", ()),
        ("CertificateEndsSoon", WAKE_DAYS, "critical", ("CertificateEnds",)),
    )
    for suffix, bound, severity, silences in kinds:
        expr = f"{_days(name)} < {bound}"
        yield alert("Balancer", name, suffix, expr, SECONDS, severity, said, silences=silences)


def _days(name: str) -> str:
    return f'{ENTRY_DAYS_LEFT}{{entry="{name}"}}'


def _secrets(settings: LoadBalancerSettings) -> Iterator[str]:
    if settings.tls:
        yield settings.tls.certificate
    if settings.front.tls and settings.front.tls.certificate:
        yield settings.front.tls.certificate
