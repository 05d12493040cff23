"""Numbered messages: acknowledged only after the broker confirmed them, so that a lost one can be named."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from ..broker import Broker, BrokerUnavailable
from ..context import InContext
from ..log import log

__all__ = ["BrokerUnavailable", "router"]

router = APIRouter(prefix="/messages")


class Numbered(BaseModel):
    """The `sequence`-th message of `writer`, from 1."""

    writer: str = Field(min_length=1, max_length=100)
    sequence: int = Field(ge=1, le=2**62)


def _broker(context: InContext) -> Broker:
    if context.broker is None:
        raise HTTPException(503, "no broker is configured: set BROKER_URL_FILE")
    return context.broker


InBroker = Annotated[Broker, Depends(_broker)]


@router.post("")
async def publish(context: InContext, broker: InBroker, message: Numbered) -> dict[str, str | int]:
    """200 after the confirm."""
    await broker.publish(message.writer, message.sequence)
    log("message_confirmed", writer=message.writer, sequence=message.sequence)
    return {"writer": message.writer, "sequence": message.sequence, "replica": context.settings.replica}


@router.get("/missing")
async def missing(
    broker: InBroker,
    writer: Annotated[str, Query(min_length=1, max_length=100)],
    upto: Annotated[int, Query(ge=0, le=100_000)],
) -> dict[str, object]:
    """Which of 1..`upto` are not in the queue."""
    there = await broker.sequences(writer)
    absent = [sequence for sequence in range(1, upto + 1) if sequence not in there]
    return {"writer": writer, "upto": upto, "count": len(absent), "missing": absent}
