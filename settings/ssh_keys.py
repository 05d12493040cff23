"""Keys of SSH as texts."""

import base64
import binascii
import re

HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""What libssh2 compares of a server's keys."""
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)
_PRIVATE = ("OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY")
_LOCKED = ("ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED")
_OPENSSH = b"openssh-key-v1\0"
_SEQUENCE = b"0"
"""How every key in ASN.1 begins."""


def host_key(text: str) -> str:
    """A server's public key as `<type> <base64>`, without what else stands on its line. Raises ValueError."""
    words = text.split()
    if text.startswith(("SHA256:", "MD5:")):
        raise ValueError("is a fingerprint, and the key itself is compared: `ssh-ed25519 AAAA...`")
    if "PRIVATE KEY" in text:
        raise ValueError("is a private key, which belongs to the server alone: `ssh-ed25519 AAAA...` is its public one")
    if len(words) < 2 or words[0] not in HOST_KEYS:
        raise ValueError(f"is no public key of a server: its type ({', '.join(HOST_KEYS)}), a space, and the key")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if _field(blob) != words[0].encode():
        raise ValueError(f"is no whole key of the type {words[0]}: copy it again, in one line")
    return " ".join(words[:2])


def private_key(text: str) -> str:
    """The text, if it is a private key that a program can use by itself. Raises ValueError otherwise."""
    found = _PEM.fullmatch(text.strip())
    if any(mark in text for mark in _LOCKED) or (found and _locked(found[1], found[2])):
        raise ValueError("is locked by a passphrase, which nobody would type in (`ssh-keygen -p` takes it away)")
    if found is None or found[1] not in _PRIVATE or not _decoded(found[2]).startswith((_OPENSSH, _SEQUENCE)):
        raise ValueError("is no private key of SSH, whole from its line -----BEGIN to -----END")
    return text


def _locked(kind: str, body: str) -> bool:
    blob = _decoded(body)
    return kind == _PRIVATE[0] and blob.startswith(_OPENSSH) and _field(blob[len(_OPENSSH) :]) != b"none"


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _field(blob: bytes) -> bytes:
    """The first text of a key, behind its length."""
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")]
