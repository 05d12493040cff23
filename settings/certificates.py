"""Certificates as texts."""

import re
import ssl


def certificates(text: str) -> str:
    """The text, if it holds certificates in PEM form and nothing else in that form. Raises ValueError otherwise."""
    if any(kind != "CERTIFICATE" for kind in re.findall(r"-----BEGIN ([A-Z0-9 ]+)-----", text)):
        raise ValueError("holds something else than certificates (a key belongs to the server alone)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError("is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None
    return text
