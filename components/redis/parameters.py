"""The parameters of Redis that a stack file may set: those that Redis 7 and its successors have, with what they take.

Redis tells neither types nor ranges; they are from its `config.c`, and a test starts a server with every bound. Where a
range is narrower than Redis's own, more could not run in a container.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_INT = 2**31 - 1
_LONG = 2**63 - 1
_SIZE = re.compile(r"(?P<number>0|[1-9][0-9]*)(?P<unit>b|k|kb|m|mb|g|gb)?")
_UNITS = {None: 1, "b": 1, "k": 10**3, "kb": 2**10, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}
_YES = {"yes": "yes", "on": "yes", "true": "yes", "no": "no", "off": "no", "false": "no"}
_BUFFER = r"(normal|replica|pubsub)( [0-9]{1,12}([kmg]b?)?){2} [0-9]{1,9}"
_BUFFERS = re.compile(f"{_BUFFER}( {_BUFFER}){{0,2}}")


@dataclass(frozen=True)
class Number:
    """A whole number, in bytes with a unit where it `is_size`."""

    least: int
    most: int
    is_size: bool = False

    def value(self, text: str) -> str:
        """What stands in the file. Raises ValueError."""
        number = size_of(text) if self.is_size else int(text) if re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", text) else None
        if number is None:
            raise ValueError(
                "must be a size: a number, or one with kb, mb or gb" if self.is_size else "must be a whole number"
            )
        if not self.least <= number <= self.most:
            raise ValueError(f"must be {self.least} to {self.most}{' bytes' if self.is_size else ''}")
        return str(number)


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def value(self, text: str) -> str:
        """What stands in the file. Raises ValueError."""
        known = {word: word for word in self.words} if self.words != ("yes", "no") else _YES
        if text.lower() not in known:
            raise ValueError(f"must be {' or '.join(f'`{word}`' for word in self.words)}")
        return known[text.lower()]


@dataclass(frozen=True)
class Text:
    """A text of a form."""

    pattern: re.Pattern[str]
    form: str

    def value(self, text: str) -> str:
        """What stands in the file. Raises ValueError."""
        if not self.pattern.fullmatch(text):
            raise ValueError(f"must be {self.form}")
        return text or '""'


_FLAG = Choice(("yes", "no"))
PARAMETERS: Mapping[str, Number | Choice | Text] = {
    "acllog-max-len": Number(0, 10**6),
    "active-expire-effort": Number(1, 10),
    "activerehashing": _FLAG,
    "aof-timestamp-enabled": _FLAG,
    "appendfsync": Choice(("always", "everysec", "no")),
    "auto-aof-rewrite-min-size": Number(0, _LONG, is_size=True),
    "auto-aof-rewrite-percentage": Number(0, _INT),
    "busy-reply-threshold": Number(0, _LONG),
    "client-output-buffer-limit": Text(_BUFFERS, "a class and three numbers: `pubsub 32mb 8mb 60`"),
    "client-query-buffer-limit": Number(2**20, _LONG, is_size=True),
    "databases": Number(1, 10_000),
    "dynamic-hz": _FLAG,
    "hash-max-listpack-entries": Number(0, _LONG),
    "hash-max-listpack-value": Number(0, _LONG, is_size=True),
    "hll-sparse-max-bytes": Number(0, _LONG, is_size=True),
    "hz": Number(1, 500),
    "io-threads": Number(1, 128),
    "io-threads-do-reads": _FLAG,
    "latency-monitor-threshold": Number(0, _LONG),
    "latency-tracking": _FLAG,
    "lazyfree-lazy-eviction": _FLAG,
    "lazyfree-lazy-expire": _FLAG,
    "lazyfree-lazy-server-del": _FLAG,
    "lazyfree-lazy-user-del": _FLAG,
    "lazyfree-lazy-user-flush": _FLAG,
    "lfu-decay-time": Number(0, _INT),
    "lfu-log-factor": Number(0, _INT),
    "list-compress-depth": Number(0, _INT),
    "list-max-listpack-size": Number(-5, _INT),
    "loglevel": Choice(("debug", "verbose", "notice", "warning")),
    "maxmemory-clients": Number(0, _LONG, is_size=True),
    "maxmemory-eviction-tenacity": Number(0, 100),
    "maxmemory-samples": Number(1, 64),
    "no-appendfsync-on-rewrite": _FLAG,
    "notify-keyspace-events": Text(re.compile(r"[KEg$lshzxetdmnA]*"), "letters of `KEg$lshzxetdmnA`"),
    "proto-max-bulk-len": Number(2**20, _LONG, is_size=True),
    "rdbcompression": _FLAG,
    "repl-backlog-size": Number(16 * 2**10, _LONG, is_size=True),
    "repl-backlog-ttl": Number(0, _LONG),
    "repl-disable-tcp-nodelay": _FLAG,
    "replica-lazy-flush": _FLAG,
    "set-max-intset-entries": Number(0, _LONG),
    "slowlog-log-slower-than": Number(-1, _LONG),
    "slowlog-max-len": Number(0, 10**6),
    "stream-node-max-bytes": Number(0, _LONG, is_size=True),
    "stream-node-max-entries": Number(0, _LONG),
    "tcp-backlog": Number(0, 65535),
    "tcp-keepalive": Number(0, _INT),
    "timeout": Number(0, _INT),
    "tracking-table-max-keys": Number(0, _LONG),
    "zset-max-listpack-entries": Number(0, _LONG),
    "zset-max-listpack-value": Number(0, _LONG, is_size=True),
}


def size_of(text: str) -> int | None:
    """Bytes of `64mb`; None if it is no size."""
    match = _SIZE.fullmatch(text.lower())
    return int(match["number"]) * _UNITS[match["unit"]] if match and len(text) <= 20 else None


def value_of(name: str, text: str) -> str:
    """What stands in the file behind the name. Raises ValueError; KeyError where the name is not known."""
    return PARAMETERS[name].value(text)
