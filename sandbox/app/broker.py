"""Messages that the broker confirmed. A connection is made at the first one, and again when it broke."""

import asyncio
import json

from aio_pika import DeliveryMode, Message, connect
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError

from .settings import BrokerSettings

QUEUE = "numbered"
"""The stack declares it."""
_UNAVAILABLE = (AMQPError, OSError, TimeoutError, RuntimeError)
"""A lost node, a broker without a majority, and a channel that ended (aiormq calls that a RuntimeError)."""
_TRIES = 3
_RETRY_AFTER_SECONDS = 0.3
_SILENCE_SECONDS = 1.0
"""After the last message that was counted, for those that a former connection gave back."""


class BrokerUnavailable(Exception):
    """Nothing was confirmed."""


class Broker:
    """One channel for all requests of this process."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def publish(self, writer: str, sequence: int) -> None:
        """Returns when the message is confirmed; it may come twice. Raises BrokerUnavailable."""
        body = json.dumps({"writer": writer, "sequence": sequence}).encode()
        why: Exception | None = None
        for _ in range(_TRIES):
            channel = None
            try:
                channel = await self._opened()
                message = Message(body, delivery_mode=DeliveryMode.PERSISTENT)
                await channel.default_exchange.publish(message, QUEUE, timeout=self._settings.timeout)
            except _UNAVAILABLE as error:
                why = error
                await self._drop(channel)
                await asyncio.sleep(_RETRY_AFTER_SECONDS)
            else:
                return
        raise BrokerUnavailable(f"{type(why).__name__}: {why}")

    async def sequences(self, writer: str) -> set[int]:
        """Those of the writer that are in the queue, where they stay; others are taken out. Raises
        BrokerUnavailable."""
        try:
            async with await self._connected() as connection:
                channel = await connection.channel()
                queue = await channel.declare_queue(QUEUE, passive=True)
                expected = queue.declaration_result.message_count or 0
                came: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
                await queue.consume(came.put)
                found, count = set[int](), 0
                while True:
                    patience = self._settings.timeout if count < expected else _SILENCE_SECONDS
                    try:
                        message = await asyncio.wait_for(came.get(), patience)
                    except TimeoutError:
                        return found
                    count += 1
                    said = json.loads(message.body)
                    if said["writer"] == writer:
                        found.add(said["sequence"])
                    else:
                        await message.ack()
        except _UNAVAILABLE as error:
            raise BrokerUnavailable(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        """Ends the connection."""
        await self._drop(self._channel)

    async def _connected(self) -> AbstractConnection:
        return await connect(self._settings.url, timeout=self._settings.timeout)

    async def _opened(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._connection = await self._connected()
                self._channel = await self._connection.channel(on_return_raises=True)
            return self._channel

    async def _drop(self, channel: AbstractChannel | None) -> None:
        """Unless another request has made a new one already."""
        if channel is None or channel is not self._channel:
            return
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            try:
                await asyncio.wait_for(connection.close(), _RETRY_AFTER_SECONDS)
            except _UNAVAILABLE:
                return  # it is gone already
