"""Redis replication groups as a kind of component."""

from components.kind import Build, Built, Gives, ImageNeed, Kind
from components.placement import KEYS
from components.redis_sentinel.component import RedisSentinel
from components.redis_sentinel.settings import RedisSettings


def _images(settings: RedisSettings | None) -> tuple[ImageNeed, ...]:
    own = (ImageNeed("redis", keeps_data=True), ImageNeed("redis-exporter"))
    return (*own, ImageNeed("haproxy")) if settings and settings.endpoint else own


def _build(build: Build[RedisSettings]) -> Built:
    cache = RedisSentinel(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.store("redis"),
        exporter_image=build.images.exporter("redis-exporter"),
        proxy_image=build.images.of("haproxy") if build.settings.endpoint else None,
        origin=build.origin,
    )
    return Built(contract=cache.contract, observability=cache.observability)


CACHES = Kind(
    key="caches",
    build=_build,
    gives=frozenset({Gives.CONTRACT}),
    images=_images,
    keys={"": KEYS},
)
