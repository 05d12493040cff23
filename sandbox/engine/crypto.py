"""Secrets at rest in the Pulumi CLI's passphrase format.

Key: PBKDF2-HMAC-SHA256, 1,000,000 rounds, 32 bytes. Cipher: AES-256-GCM with a 12-byte nonce, written as
`v1:<base64 nonce>:<base64 ciphertext and tag>`. State: `v1:<base64 salt>:<the text "pulumi", encrypted>`, which tells a
wrong passphrase. Source: pulumi/pulumi, sdk/go/common/resource/config/crypt.go and pkg/secrets/passphrase.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.engine.errors import EngineError

_ROUNDS = 1_000_000
_PROOF = "pulumi"


def passphrase_from(environment: Mapping[str, str]) -> str:
    """The passphrase that PULUMI_CONFIG_PASSPHRASE holds or PULUMI_CONFIG_PASSPHRASE_FILE names; "" counts."""
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not file:
        raise EngineError(
            "no passphrase for the stack's secrets: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EngineError(f"PULUMI_CONFIG_PASSPHRASE_FILE={file}: cannot be read: {error.strerror}") from None


class Passphrase:
    """Encrypts and decrypts with one passphrase and salt; `state` is what a stack records of them."""

    def __init__(self, passphrase: str, state: str = "") -> None:
        """`state`: as recorded; empty makes a new salt. Raises EngineError for a wrong passphrase."""
        salt = self._salt(state) if state else os.urandom(8)
        self._cipher = AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, dklen=32))
        # An unchanged secret keeps its ciphertext, so that an unchanged state stays the same file.
        self._known: dict[str, str] = {}
        if state:
            self.decrypt(state.split(":", 2)[2])
            self.state = state
        else:
            self.state = f"v1:{base64.b64encode(salt).decode()}:{self.encrypt(_PROOF)}"

    @staticmethod
    def _salt(state: str) -> bytes:
        parts = state.split(":", 2)
        if len(parts) != 3 or parts[0] != "v1":
            raise EngineError("the recorded encryption salt is not of the form v1:<salt>:<ciphertext>")
        return base64.b64decode(parts[1])

    def encrypt(self, text: str) -> str:
        """The ciphertext of `text`."""
        if text not in self._known:
            nonce = os.urandom(12)
            sealed = self._cipher.encrypt(nonce, text.encode(), None)
            self._known[text] = f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
        return self._known[text]

    def decrypt(self, ciphertext: str) -> str:
        """The text in `ciphertext`. Raises EngineError when the passphrase is another one."""
        parts = ciphertext.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            raise EngineError("a secret is not of the form v1:<nonce>:<ciphertext>")
        try:
            text = self._cipher.decrypt(base64.b64decode(parts[1]), base64.b64decode(parts[2]), None).decode()
        except (InvalidTag, ValueError):
            raise EngineError("incorrect passphrase: the stack's secrets were encrypted with another one") from None
        self._known.setdefault(text, ciphertext)
        return text
