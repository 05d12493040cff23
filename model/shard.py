"""Part of a store that several words are together."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The word is number `number` (from 0) of those that are the store `of` together."""

    of: str
    number: int
