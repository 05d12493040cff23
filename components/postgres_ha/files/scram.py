"""Passwords as PostgreSQL keeps them: SCRAM verifiers, so that no statement, log or table has a password."""

import base64
import hashlib
import hmac

ITERATIONS = 4096
"""What PostgreSQL itself takes."""


def verifier(role: str, password: str) -> str:
    """The SCRAM-SHA-256 verifier of a role's password (RFC 5803): the same one each time, so that another one means
    another password.

    The nonce (RFC 5803: salt) follows from both. It need not be random: the passwords are, with 190 bits.
    """
    nonce = hashlib.sha256(f"{role} {password}".encode()).digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), nonce, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    nonce64, stored64, server64 = (base64.b64encode(part).decode() for part in (nonce, stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{nonce64}${stored64}:{server64}"
