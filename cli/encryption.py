"""Caches that run, against the stack file: encryption that begins or ends is refused before anything changes."""

from collections.abc import Sequence
from typing import Any

from cli.errors import CommandError
from components.redis_sentinel.settings import RedisSettings
from composition.stack import Stack
from model import ROOT, Origin

_TYPE = "ha-platform:data:RedisSentinel"


def check_encryption(settings: Stack, resources: Sequence[dict[str, Any]]) -> None:
    """Raises CommandError where a cache of the state is encrypted and the stack file does not say so, or the other way
    round. Its members change one at a time, and could not hear each other meanwhile."""
    runs = {
        resource["urn"].rsplit("::", 1)[1]: bool((resource.get("outputs") or {}).get("tls"))
        for resource in resources
        if resource.get("type") == _TYPE
    }
    problems = [
        f"{ROOT}.{Origin(key='caches', name=name).at('tls').path}: cannot change for a cache that runs, which began "
        + ("with encryption. Write `tls: {clients: required}` again" if runs[name] else "without. Remove `tls`")
        + ", or move the applications to another cache."
        for name, cache in settings.caches.items()
        if isinstance(cache, RedisSettings) and name in runs and runs[name] != (cache.tls is not None)
    ]
    if problems:
        raise CommandError("\n".join(problems))
