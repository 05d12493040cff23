"""Patroni's REST API: who asks it, and how."""

from collections.abc import Mapping
from dataclasses import replace

from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import Certificates
from components.scope import Scope
from components.verified import Verified
from components.write_proxy import PrimaryCheck
from model import File

PORT = 8008
CHECK = PrimaryCheck(lines=("option httpchk OPTIONS /primary", "http-check expect status 200"), port=PORT)
"""Patroni answers 200 for the member that holds the leader lock."""


def primary_check(settings: PostgresSettings, verified: Verified) -> PrimaryCheck:
    """How a proxy asks. While a database changes, each member answers one of the two ways, and counts once."""
    rest = settings.tls.rest
    return replace(CHECK, verified=verified, plain=rest == "prepared") if rest else CHECK


def ways(settings: PostgresSettings) -> tuple[str, ...]:
    """Arguments of wait.lua."""
    return ("checked",) if settings.tls.rest else ()


def scraped_by(settings: PostgresSettings, certificates: Certificates) -> Verified | None:
    """How Prometheus knows the members; None where it asks without TLS."""
    return certificates.verified if settings.tls.rest == "required" else None


def identity(
    scope: Scope, word: str, settings: PostgresSettings, certificates: Certificates, directory: str
) -> tuple[File, ...]:
    """What the job `word` shows when it asks; beside `ca.pem`, for `variables`."""
    if settings.tls.rest is None:
        return ()
    return (File(path=f"{directory}/identity.pem", source=certificates.asking(scope, word)),)


def variables(settings: PostgresSettings, directory: str) -> Mapping[str, str]:
    """For programs that ask: `directory` has `ca.pem` and `identity.pem`."""
    if settings.tls.rest is None:
        return {}
    return {"HA_REST_SCHEME": "https" if settings.tls.rest == "required" else "http", "HA_REST_TLS": directory}
