"""One exchange with the model: stream the tokens, then store the whole."""

import uuid
from collections.abc import AsyncIterator

from . import exchanges
from .context import Context
from .database import DatabaseUnavailable
from .exchanges import Exchange
from .log import log
from .redis_client import UNAVAILABLE
from .stub_model import generate

MAX_TOKENS = 10_000
MAX_DELAY_MS = 10_000


async def converse(
    context: Context, *, session: str, prompt: str, tokens: int, delay_ms: int
) -> AsyncIterator[dict[str, object]]:
    """Yields {"token"} for each token and at last {"done"}: only a stream that ends so is complete.

    The last one says whether Postgres stored and Redis remembered the exchange; an answer is not lost for them.
    """
    with context.metrics.streams.track_inprogress():
        words = []
        async for token in generate(prompt, tokens=tokens, delay_seconds=delay_ms / 1000):
            words.append(token)
            yield {"token": token}
        exchange = Exchange(uuid.uuid4().hex, session, prompt, " ".join(words), context.settings.replica)
        stored, remembered = await _store(context, exchange), await _remember(context, exchange)
        yield {
            "done": True,
            "id": exchange.id,
            "tokens": len(words),
            "replica": context.settings.replica,
            "stored": stored,
            "remembered": remembered,
        }


async def _store(context: Context, exchange: Exchange) -> bool:
    if context.database is None:
        return False
    try:
        await exchanges.store(context.database, exchange)
    except DatabaseUnavailable as error:
        log("exchange_not_stored", id=exchange.id, reason=str(error))
        return False
    return True


async def _remember(context: Context, exchange: Exchange) -> bool:
    if context.sessions is None:
        return False
    try:
        await context.sessions.remember(exchange.session, exchange.as_dict())
    except UNAVAILABLE as error:
        log("exchange_not_remembered", id=exchange.id, reason=str(error))
        return False
    return True
