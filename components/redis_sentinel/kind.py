"""Redis replication groups as a kind of component."""

from collections.abc import Iterator

from components.copies import needs
from components.copies.settings import CopiesSettings
from components.external_store import build_external, external_secrets, externals_are_encrypted
from components.kind import Build, Built, Gives, ImageNeed, Kind, Reference
from components.placement import KEYS
from components.redis_sentinel.component import RedisSentinel
from components.redis_sentinel.external import ExternalCache
from components.redis_sentinel.groups import groups
from components.redis_sentinel.guarantees import promises
from components.redis_sentinel.rules import RULES
from components.redis_sentinel.settings import RedisSettings
from components.write_proxy.proxy import IMAGE as PROXY_IMAGE


def _images(settings: RedisSettings | ExternalCache | None) -> Iterator[ImageNeed]:
    """Valkey's images have its programs under the names of Redis, too. A broken one may be outside the stack."""
    if not isinstance(settings, RedisSettings):
        return
    yield ImageNeed("redis-exporter", version=("redis_exporter", "--version"))
    yield ImageNeed(
        settings.server,
        keeps_data=True,
        version=("redis-server", "--version"),
        programs=("sh", "flock", "redis-cli", "redis-sentinel"),
    )
    if settings.endpoint:
        yield PROXY_IMAGE
    if settings.backups:
        yield needs.IMAGE


def _copied(settings: RedisSettings | ExternalCache) -> CopiesSettings | None:
    return settings.backups if isinstance(settings, RedisSettings) else None


def _uses(settings: RedisSettings | ExternalCache) -> Iterator[Reference]:
    yield from needs.uses(_copied(settings))


def _build(build: Build[RedisSettings | ExternalCache]) -> Built:
    settings = build.settings
    if isinstance(settings, ExternalCache):
        return build_external(build)
    cache = RedisSentinel(
        build.name,
        settings,
        platform=build.platform,
        image=build.images.store(settings.server),
        exporter_image=build.images.exporter("redis-exporter"),
        proxy_image=build.images.of("haproxy") if settings.endpoint else None,
        copier_image=build.images.of("postgres") if settings.backups else None,
        repository=build.built[settings.backups.repository].repository if settings.backups else None,
        apps=build.clients,
        origin=build.origin,
    )
    return Built(contract=cache.contract, own=cache.own, observability=cache.observability, retire=cache.retire)


CACHES = Kind(
    key="caches",
    build=_build,
    gives=frozenset({Gives.CONTRACT, Gives.ALERTS}),
    images=_images,
    uses=_uses,
    copied=_copied,
    secrets=external_secrets,
    advice=(lambda context: externals_are_encrypted(context, "caches"),),
    counters=lambda settings: settings.rotate.counters if isinstance(settings, RedisSettings) else {},
    keeps=lambda settings: ("",) if isinstance(settings, RedisSettings) else (),
    groups=lambda part, around: (
        groups(part.name, part.settings, around) if isinstance(part.settings, RedisSettings) else ()
    ),
    guarantees=lambda settings, around: promises(settings, around) if isinstance(settings, RedisSettings) else (),
    rules=RULES,
    keys={"": KEYS} | needs.KEYS,
)
