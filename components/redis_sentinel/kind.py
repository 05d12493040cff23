"""Redis replication groups as a kind of component."""

from components.kind import Build, Built, Gives, ImageNeed, Kind
from components.placement import KEYS as PLACEMENT
from components.redis_sentinel.component import RedisSentinel
from components.redis_sentinel.settings import RedisSettings


def _build(build: Build[RedisSettings]) -> Built:
    cache = RedisSentinel(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.store("redis"),
        exporter_image=build.images.exporter("redis-exporter"),
        origin=build.origin,
    )
    return Built(contract=cache.contract, observability=cache.observability)


CACHES = Kind(
    key="caches",
    build=_build,
    gives=frozenset({Gives.CONTRACT}),
    images=lambda _: (ImageNeed("redis", keeps_data=True), ImageNeed("redis-exporter")),
    keys={"": {**PLACEMENT, "name": "", "count": "members", "volume.size_bytes": "volume"}},
)
