"""Secrets that nobody has to give: made once, and kept."""

from typing import Literal

from pydantic import Field

from settings.base import Settings


class GeneratedSecret(Settings):
    """A random text, made with the first `up`. It stays the same until its keys here change, or it is removed."""

    form: Literal["letters", "hex", "base64", "base64url"] = "letters"
    """`letters`: letters and digits. The others are random bytes as text: `hex` in lower case, `base64` with `+` and
    `/`, `base64url` with `-` and `_`, both with `=` at the end. 32 bytes as `base64url` are a key for Fernet."""
    length: int = Field(default=32, ge=16, le=256, strict=True)
    """How many characters (`letters`), or random bytes: `openssl rand -hex 32` has 32 bytes, and 64 characters."""
