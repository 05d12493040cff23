"""Certificates as texts."""

import base64
import re
import ssl
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----(.*?)-----END \1-----", re.DOTALL)
_VERSION, _SEQUENCE, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x30, 0x17, 0x18
"""Tags of ASN.1."""


def certificates(text: str) -> str:
    """The text, if it holds certificates in PEM form and nothing else in that form. Raises ValueError otherwise."""
    if any(kind != "CERTIFICATE" for kind in re.findall(r"-----BEGIN ([A-Z0-9 ]+)-----", text)):
        raise ValueError("holds something else than certificates (a key belongs to the server alone)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError("is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None
    return text


def first_end(text: str) -> datetime:
    """When the first of the certificates in a text in PEM form ends, intermediates too: clients then refuse the chain.
    Other things may stand beside them. Raises ValueError for a text without certificates."""
    try:
        ends = [_end(base64.b64decode("".join(found[2].split()), validate=True)) for found in _PEM.finditer(text)]
        return min(ends)
    except (ValueError, IndexError):
        raise ValueError("is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None


def _end(der: bytes) -> datetime:
    """`notAfter` of RFC 5280, section 4.1: the second time of the fifth field, or of the fourth without a version."""
    rest = _sequence(_sequence(der))
    tag, _, after = _part(rest)
    for _ in range(3 if tag == _VERSION else 2):  # serial number, algorithm, issuer
        _, _, after = _part(after)
    _, _, after = _part(_sequence(after))
    tag, value, _ = _part(after)
    moment = value.decode("ascii")
    if tag == _UTC_TIME:
        moment = ("19" if int(moment[:2]) >= 50 else "20") + moment
    elif tag != _GENERALIZED_TIME:
        raise ValueError(tag)
    return datetime.strptime(moment, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _sequence(der: bytes) -> bytes:
    tag, inside, _ = _part(der)
    if tag != _SEQUENCE:
        raise ValueError(tag)
    return inside


def _part(der: bytes) -> tuple[int, bytes, bytes]:
    """The first value in DER: its tag, what is in it, and what comes after it."""
    tag, length, start = der[0], der[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("cut off")
    return tag, der[start : start + length], der[start + length :]
