"""Certificates as texts."""

import re
import ssl
from datetime import datetime

from cryptography.x509 import load_pem_x509_certificates


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
        return min(one.not_valid_after_utc for one in load_pem_x509_certificates(text.encode()))
    except ValueError:
        raise ValueError("is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None
