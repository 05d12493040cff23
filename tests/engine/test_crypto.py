"""The passphrase format of the Pulumi CLI."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from sandbox.engine.crypto import Passphrase, passphrase_from
from sandbox.engine.errors import EngineError
from tests.engine.stack import CRYPTER

# Derived by the format's description, the key with OpenSSL and the ciphertexts with Go: PBKDF2 (SHA-256, 1,000,000
# rounds) of "correct horse" with the salt 01..08, AES-256-GCM with the nonces 00..0b and 10..1b.
SALT_STATE = "v1:AQIDBAUGBwg=:v1:AAECAwQFBgcICQoL:E27pUA/wPCIWegHkV0laI4yxSAT80Q=="
CIPHERTEXT = "v1:EBESExQVFhcYGRob:9ycumwFSxMenR5chn9L/6sbuHvFUQC4hXxpdQw=="


def test_reads_what_others_wrote() -> None:
    crypter = Passphrase("correct horse", SALT_STATE)
    assert crypter.decrypt(CIPHERTEXT) == '"the secret"'
    assert crypter.state == SALT_STATE


def test_wrong_passphrase_is_told_at_once() -> None:
    with pytest.raises(EngineError, match="incorrect passphrase"):
        Passphrase("another", SALT_STATE)


def test_form_of_what_is_written() -> None:
    version, nonce, sealed = CRYPTER.encrypt("x").split(":")
    assert version == "v1"
    assert len(base64.b64decode(nonce)) == 12
    assert len(base64.b64decode(sealed)) == 1 + 16  # the text and the tag
    assert CRYPTER.encrypt("x") == CRYPTER.encrypt("x")
    assert CRYPTER.encrypt("x") != CRYPTER.encrypt("y")
    assert Passphrase("a passphrase", CRYPTER.state).decrypt(CRYPTER.encrypt("x")) == "x"


@pytest.mark.parametrize("text", ["x", "v2:a:b", "v1:AAAA:AAAA"])
def test_what_is_no_ciphertext_is_refused(text: str) -> None:
    with pytest.raises(EngineError):
        CRYPTER.decrypt(text)


def test_where_the_passphrase_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from a file\n", encoding="utf-8")
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == ""
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from a file"
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE_FILE=/nowhere: cannot be read"):
        passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere"})
    with pytest.raises(EngineError, match="set PULUMI_CONFIG_PASSPHRASE"):
        passphrase_from({})
