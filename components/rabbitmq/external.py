"""A RabbitMQ that somebody else runs."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from components.contracts import Declared, Terms
from components.external import ExternalAddress, ExternalStore, LoginName
from components.rabbitmq.contract import PORT, TLS_PORT, broker_url, external_terms
from components.rabbitmq.timers import ACK_SECONDS, HEARTBEAT_SECONDS
from settings.types import PortNumber

VhostPath = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
"""As providers name virtual hosts: `/`, or the user's name."""


class ExternalRabbit(ExternalAddress):
    """Where the server is, and how its clients log in."""

    port: PortNumber = Field(default=int(PORT))
    """Its port. Default: 5671 with `tls`, and 5672 without."""
    user: LoginName
    """The user."""
    vhost: VhostPath = "/"
    """The virtual host."""

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("tls") is not None and "port" not in value:
            return value | {"port": int(TLS_PORT)}
        return value

    @model_validator(mode="after")
    def _is_verified(self) -> "ExternalRabbit":
        if self.tls is not None and self.tls.mode != "verify-full":
            raise ValueError(
                f"`tls.mode: {self.tls.mode}` is nothing that pika and aio-pika can be told: they verify the server's "
                "certificate and its name. Write `tls: {ca: ...}`, the certificate of the authority"
            )
        return self


class ExternalBroker(ExternalStore):
    """A RabbitMQ outside the stack: nothing is built for it, and applications get the contract of one address."""

    external: ExternalRabbit
    """Where it is."""

    def terms(self) -> Terms:
        return external_terms(self.external.tls)

    @property
    def counted(self) -> bool:
        """Nobody scrapes it."""
        return False

    def queues_of(self, part: str) -> Mapping[str, Declared]:
        """None that are known."""
        del part
        return {}

    def ack_seconds(self, part: str, queue: str) -> int:
        """As the server's own default says."""
        del part, queue
        return ACK_SECONDS

    def url(self) -> str:
        return broker_url(self.external.tls)

    def values(self) -> Mapping[str, str]:
        address = self.external
        return {"user": address.user, "vhost": address.vhost, "heartbeat": str(HEARTBEAT_SECONDS)}
