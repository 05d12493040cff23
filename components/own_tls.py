"""Encryption of clients' connections by certificates of the stack's own authority."""

from settings.base import Settings


class OwnTls(Settings):
    """What holds for every store: clients get the authority's certificate as a file, and verify by it."""

    @property
    def mode(self) -> str:
        """How clients verify the server, as libpq calls it."""
        return "verify-full"

    @property
    def verifies(self) -> bool:
        """By the certificate of an authority, which they get as a file."""
        return True
