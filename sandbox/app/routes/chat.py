"""The chat: server-sent events over HTTP, or JSON messages over a WebSocket."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, ValidationError

from .. import exchanges
from ..context import InContext
from ..conversation import MAX_DELAY_MS, MAX_TOKENS, converse
from ..session_cookie import session_of, set_session

router = APIRouter()
_SERVICE_RESTART = 1012
_INVALID = 1008


class ChatRequest(BaseModel):
    """`tokens` words, one every `delay_ms` milliseconds."""

    prompt: str = Field(min_length=1, max_length=10_000)
    tokens: int = Field(default=40, ge=1, le=MAX_TOKENS)
    delay_ms: int = Field(default=50, ge=0, le=MAX_DELAY_MS)


@router.get("/chat")
async def chat_by_query(
    context: InContext, request: Request, chat: Annotated[ChatRequest, Query()]
) -> StreamingResponse:
    """The same as POST, for browsers' EventSource."""
    return _stream(context, request, chat)


@router.post("/chat")
async def chat_by_body(context: InContext, request: Request, chat: ChatRequest) -> StreamingResponse:
    """`data: {"token": ...}` for each token, then `event: done`."""
    return _stream(context, request, chat)


@router.get("/chat/{exchange_id}")
async def stored_exchange(context: InContext, exchange_id: uuid.UUID) -> dict[str, str]:
    """An exchange as Postgres has it."""
    if context.database is None:
        raise HTTPException(503, "no database is configured: set DATABASE_URL_FILE")
    exchange = await exchanges.load(context.database, exchange_id)
    if exchange is None:
        raise HTTPException(404, f"no exchange {exchange_id.hex}")
    return exchange.as_dict()


@router.websocket("/ws")
async def chat_by_websocket(socket: WebSocket, context: InContext) -> None:
    """A ChatRequest in, the messages of the stream out, as often as the client likes; closed with 1012 to drain."""
    await socket.accept()
    session = session_of(socket)
    drain = asyncio.create_task(context.lifecycle.wait_for_drain())
    try:
        while (text := await _receive_unless(drain, socket)) is not None:
            chat = ChatRequest.model_validate_json(text)
            async for message in converse(context, session=session, **chat.model_dump()):
                await socket.send_json(message)
        await socket.close(_SERVICE_RESTART)
    except ValidationError as error:
        await socket.close(_INVALID, f"not a chat request: {error.errors()[0]['msg']}"[:120])
    except WebSocketDisconnect:
        pass
    finally:
        drain.cancel()


async def _receive_unless(drain: "asyncio.Task[None]", socket: WebSocket) -> str | None:
    """The next message, or None when the replica drains."""
    receive = asyncio.create_task(socket.receive_text())
    await asyncio.wait({receive, drain}, return_when=asyncio.FIRST_COMPLETED)
    if receive.done():
        return receive.result()
    receive.cancel()
    with suppress(asyncio.CancelledError):
        await receive
    return None


def _stream(context: InContext, request: Request, chat: ChatRequest) -> StreamingResponse:
    session = session_of(request)

    async def events() -> AsyncIterator[str]:
        async for message in converse(context, session=session, **chat.model_dump()):
            kind = "event: done\n" if "done" in message else ""
            yield f"{kind}data: {json.dumps(message)}\n\n"

    # X-Accel-Buffering: proxies that buffer answers by default let this one through.
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    response = StreamingResponse(events(), media_type="text/event-stream", headers=headers)
    set_session(response, session)
    return response
