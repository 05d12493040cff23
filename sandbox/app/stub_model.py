"""A language model without one: the same prompt always gives the same words, as slowly as asked."""

import asyncio
from collections.abc import AsyncIterator

_TEXT = (
    "the replica answers because a quorum of members agreed and the proxy found a healthy backend before "
    "this stream had to end so every token arrives in order and none is lost on the way"
)


async def generate(prompt: str, *, tokens: int, delay_seconds: float) -> AsyncIterator[str]:
    """Yields `tokens` words, one every `delay_seconds`."""
    words = _TEXT.split()
    offset = sum(prompt.encode())
    for position in range(tokens):
        await asyncio.sleep(delay_seconds)
        yield words[(offset + position) % len(words)]
