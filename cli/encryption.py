"""Stores that run, against the stack file: a change of their encryption that they cannot carry out is refused before
anything changes."""

from collections.abc import Iterator, Sequence
from typing import Any

from cli.errors import CommandError
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.tls import rest_steps
from components.redis_sentinel.settings import RedisSettings
from composition.stack import Stack
from model import ROOT, Origin

_CACHE = "ha-platform:data:RedisSentinel"
_DATABASE = "ha-platform:data:PostgresHA"


def check_encryption(settings: Stack, resources: Sequence[dict[str, Any]]) -> None:
    """Raises CommandError where the members, which change one at a time, could not hear each other meanwhile, or would
    not be heard by those who ask them."""
    if problems := [*_caches(settings, resources), *_databases(settings, resources)]:
        raise CommandError("\n".join(problems))


def _caches(settings: Stack, resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    runs = {name: bool(outputs.get("tls")) for name, outputs in _outputs(resources, _CACHE)}
    for name, cache in settings.caches.items():
        if isinstance(cache, RedisSettings) and name in runs and runs[name] != (cache.tls is not None):
            began = "with encryption. Write `tls: {clients: required}` again"
            yield (
                f"{_path('caches', name, 'tls')}: cannot change for a cache that runs, which began "
                f"{began if runs[name] else 'without. Remove `tls`'}, or move the applications to another cache."
            )


def _databases(settings: Stack, resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One without outputs has never been whole: it may begin in any way."""
    runs = {name: outputs.get("rest", "") for name, outputs in _outputs(resources, _DATABASE) if outputs}
    for name, database in settings.databases.items():
        if not isinstance(database, PostgresSettings) or name not in runs:
            continue
        if why := rest_steps(runs[name], database.tls.rest or ""):
            yield f"{_path('databases', name, 'tls.rest')}: {why}."


def _outputs(resources: Sequence[dict[str, Any]], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each component of a kind, by its name."""
    for resource in resources:
        if resource.get("type") == kind:
            yield resource["urn"].rsplit("::", 1)[1], resource.get("outputs") or {}


def _path(key: str, name: str, below: str) -> str:
    return f"{ROOT}.{Origin(key=key, name=name).at(below).path}"
