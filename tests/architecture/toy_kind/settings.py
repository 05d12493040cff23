"""The settings of a toy queue."""

from settings.base import Settings
from settings.types import PortNumber, SecretName


class QueueSettings(Settings):
    """One toy queue."""

    port: PortNumber
    """Published port, for operators."""
    login: SecretName
    """A given secret."""
