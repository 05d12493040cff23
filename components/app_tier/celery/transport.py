"""Which of Celery's transports a contract leads to."""

from typing import Literal

from components.contracts import Terms

Transport = Literal["amqp", "redis"]


def transport(terms: Terms) -> Transport:
    """By the address that the preset gives; KeyError where there is no such preset."""
    return "amqp" if terms.presets["celery"]["_URL"].startswith("amqp") else "redis"
