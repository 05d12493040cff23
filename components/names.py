"""Names that are made of others: two that would be one, or one that is too long, end with a digest."""

import hashlib

LONGEST_SECRET = 50
"""Of a secret's name. Docker takes 64 characters, and the platform adds up to 14."""


def digest(made_from: str) -> str:
    """Eight characters that follow from a text."""
    return hashlib.sha256(made_from.encode()).hexdigest()[:8]


def with_digest(name: str, made_from: str) -> str:
    """As much of a secret's name as there is room for, and the digest of what it was made from."""
    return f"{name[: LONGEST_SECRET - 9]}-{digest(made_from)}"


def short_name(name: str, made_from: str) -> str:
    """A secret's name: itself where it is short enough."""
    return name if len(name) <= LONGEST_SECRET else with_digest(name, made_from)
