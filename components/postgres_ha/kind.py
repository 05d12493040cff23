"""PostgreSQL clusters as a kind of component."""

from components.kind import Build, Built, Gives, ImageNeed, Kind
from components.placement import KEYS
from components.postgres_ha.component import PostgresHA
from components.postgres_ha.images import PostgresImages
from components.postgres_ha.rules import RULES
from components.postgres_ha.settings import PostgresSettings


def _build(build: Build[PostgresSettings]) -> Built:
    images = build.images
    database = PostgresHA(
        build.name,
        build.settings,
        platform=build.platform,
        images=PostgresImages(postgres=images.store("postgres"), etcd=images.store("etcd"), proxy=images.of("haproxy")),
        origin=build.origin,
    )
    return Built(contract=database.contract, observability=database.observability)


DATABASES = Kind(
    key="databases",
    build=_build,
    gives=frozenset({Gives.CONTRACT}),
    images=lambda _: (
        ImageNeed("haproxy"),
        ImageNeed("postgres", keeps_data=True),
        ImageNeed("etcd", keeps_data=True),
    ),
    rules=RULES,
    keys={"": KEYS},
)
