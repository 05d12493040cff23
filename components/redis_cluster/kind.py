"""Redis clusters as a kind of component."""

from collections.abc import Iterator

from components.kind import Build, Built, Gives, ImageNeed, Kind
from components.placement import KEYS
from components.redis_cluster.component import RedisCluster
from components.redis_cluster.groups import groups
from components.redis_cluster.guarantees import promises
from components.redis_cluster.rules import RULES
from components.redis_cluster.settings import ClusterSettings


def _images(settings: ClusterSettings | None) -> Iterator[ImageNeed]:
    """Valkey's images have its programs under the names of Redis, too."""
    yield ImageNeed("redis-exporter", version=("redis_exporter", "--version"))
    if settings is not None:
        yield ImageNeed(
            settings.server,
            keeps_data=True,
            version=("redis-server", "--version"),
            programs=("sh", "flock", "awk", "getent", "timeout", "redis-cli"),
        )


def _build(build: Build[ClusterSettings]) -> Built:
    cluster = RedisCluster(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.store(build.settings.server),
        exporter_image=build.images.exporter("redis-exporter"),
        apps=build.clients,
        origin=build.origin,
    )
    return Built(contract=cluster.contract, own=cluster.own, observability=cluster.observability)


CLUSTERS = Kind(
    key="clusters",
    build=_build,
    gives=frozenset({Gives.CONTRACT, Gives.ALERTS}),
    images=_images,
    keeps=lambda _: ("",),
    fixed=lambda settings: settings.fixed,
    grows=lambda settings: settings.grows,
    guarantees=promises,
    groups=lambda part, around: groups(part.name, part.settings, around),
    rules=RULES,
    keys={"": {key: value for key, value in KEYS.items() if key not in ("count", "spread")} | {"count": "replicas"}},
)
