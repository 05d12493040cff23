"""Servers that are asked by TLS."""

from dataclasses import dataclass

from model import SecretRef


@dataclass(frozen=True, kw_only=True)
class Verified:
    """How whoever asks knows them: the certificate of their authority, and a name that each of them has to have."""

    ca: SecretRef
    host: str
