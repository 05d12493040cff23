"""The settings of a toy queue."""

from components.contracts import Terms
from components.facts import FactType
from settings.base import Settings
from settings.types import PortNumber, SecretName


class QueueSettings(Settings):
    """One toy queue."""

    port: PortNumber
    """Published port, for operators."""
    login: SecretName
    """A given secret."""

    def terms(self) -> Terms:
        """What its contract holds."""
        return Terms(
            facts={"host": FactType.HOST, "password": FactType.PASSWORD},
            standard=("host", "password"),
        )
