"""Keys of SSH: what is taken, and why others are not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from settings.ssh_keys import host_key, private_key

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="


def made(directory: Path, *line: str) -> Path:
    """A key of the real program."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("not here: ssh-keygen")
    path = directory / "key"
    subprocess.run(["ssh-keygen", "-q", "-f", path, *line], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize(
    "line",
    [("-t", "ed25519"), ("-t", "ecdsa"), ("-t", "rsa", "-b", "2048"), ("-t", "rsa", "-b", "2048", "-m", "PEM")],
    ids=" ".join,
)
def test_keys_are_taken_as_the_program_writes_them(tmp_path: Path, line: tuple[str, ...]) -> None:
    path = made(tmp_path, *line, "-N", "")
    text = path.read_text()
    assert private_key(text) == text
    assert private_key(text.strip()) == text.strip()
    public = path.with_suffix(".pub").read_text()
    assert host_key(public) == " ".join(public.split()[:2]), "who made it is left out"
    with pytest.raises(ValueError, match="is no private key of SSH"):
        private_key(public)
    with pytest.raises(ValueError, match="is a private key"):
        host_key(text)


@pytest.mark.parametrize("form", [(), ("-m", "PEM"), ("-m", "PKCS8")], ids=" ".join)
def test_a_locked_key_is_refused(tmp_path: Path, form: tuple[str, ...]) -> None:
    path = made(tmp_path, "-t", "rsa", "-b", "2048", *form, "-N", "a passphrase")
    with pytest.raises(ValueError, match="is locked by a passphrase"):
        private_key(path.read_text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a password",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nnot base64\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nTk8gS0VZ\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        "-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----",
    ],
)
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no private key of SSH"):
        private_key(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SHA256:wv6tWBd79Nf5ZZIJK7zUNcAbfbwSrfkqBxqOWuKAwS8", "is a fingerprint"),
        ("MD5:aa:bb", "is a fingerprint"),
        (f"vault.example.com {ED25519}", "is no public key of a server"),
        ("ssh-ed25519", "is no public key of a server"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "is no public key of a server"),
        ("", "is no public key of a server"),
        ("ssh-ed25519 AAAA", "is no whole key"),
        ("ssh-ed25519 AAAAB3NzaC1yc2E=", "is no whole key"),
        ("ssh-ed25519 not-base64", "is no whole key"),
    ],
)
def test_what_is_no_key_of_a_server_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        host_key(text)
