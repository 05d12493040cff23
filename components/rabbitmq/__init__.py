"""A RabbitMQ cluster with quorum queues."""

from components.rabbitmq.component import RabbitMQ
from components.rabbitmq.settings import RabbitSettings

__all__ = ["RabbitMQ", "RabbitSettings"]
