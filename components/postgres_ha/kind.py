"""PostgreSQL clusters as a kind of component."""

from collections.abc import Iterable

from components.external_store import build_external, external_secrets, externals_are_encrypted
from components.kind import Build, Built, Gives, ImageNeed, Kind, Reference
from components.placement import KEYS
from components.postgres_ha.component import PostgresHA
from components.postgres_ha.connections import limits, pools
from components.postgres_ha.external import ExternalDatabase
from components.postgres_ha.groups import groups
from components.postgres_ha.guarantees import promises
from components.postgres_ha.images import PostgresImages
from components.postgres_ha.pooler import IMAGE as POOLER_IMAGE
from components.postgres_ha.rules import RULES, servers_wait_for_a_volume, two_servers_have_one_replica
from components.postgres_ha.settings import PostgresSettings
from components.write_proxy.proxy import IMAGE as PROXY_IMAGE

_IMAGES = (
    PROXY_IMAGE,
    ImageNeed("postgres-exporter", version=("postgres_exporter", "--version")),
    ImageNeed(
        "postgres",
        keeps_data=True,
        version=("postgres", "--version"),
        programs=(
            "sh",
            "flock",
            "timeout",
            "python3",
            "patroni",
            "psql",
            "postgres",
            "initdb",
            "pg_basebackup",
            "pg_rewind",
        ),
    ),
    ImageNeed(
        "etcd",
        keeps_data=True,
        version=("etcd", "--version"),
        programs=("sh", "etcdctl", "grep", "sed", "tr", "date", "timeout"),
    ),
)


def _build(build: Build[PostgresSettings | ExternalDatabase]) -> Built:
    images, settings = build.images, build.settings
    if isinstance(settings, ExternalDatabase):
        return build_external(build)
    database = PostgresHA(
        build.name,
        settings,
        platform=build.platform,
        images=PostgresImages(
            postgres=images.store("postgres"),
            etcd=images.store("etcd"),
            proxy=images.of("haproxy"),
            exporter=images.exporter("postgres-exporter"),
            pooler=images.of("pgbouncer") if settings.pooler else None,
        ),
        repositories=[
            repository
            for name in (settings.backups.repositories if settings.backups else ())
            if (repository := build.built[name].repository) is not None
        ],
        dumps_into=build.built[settings.dumps.repository].repository if settings.dumps else None,
        source=build.built[settings.restore_from.repository].repository if settings.restore_from else None,
        origin=build.origin,
    )
    return Built(
        contract=database.contract,
        further=database.further,
        observability=database.observability,
        retire=database.retire,
    )


def _images(settings: PostgresSettings | ExternalDatabase | None) -> tuple[ImageNeed, ...]:
    """A broken one may be outside the stack."""
    if not isinstance(settings, PostgresSettings):
        return ()
    needed = _IMAGES if settings.pooler is None else (*_IMAGES, POOLER_IMAGE)
    if settings.backups is None and settings.restore_from is None and settings.dumps is None:
        return needed
    looked: tuple[str, ...] = ("pg_checksums", "pg_amcheck") if settings.backups else ()
    looked += ("pg_dump", "pg_dumpall", "pg_restore") if settings.dumps else ()
    return tuple(
        need._replace(programs=(*need.programs, "pgbackrest", "pg_ctl", *looked)) if need.pin == "postgres" else need
        for need in needed
    )


def _uses(settings: PostgresSettings | ExternalDatabase) -> Iterable[Reference]:
    if isinstance(settings, PostgresSettings) and settings.backups is not None:
        for index, name in enumerate(settings.backups.repositories):
            yield Reference(f"backups.repositories[{index}]", name, Gives.REPOSITORY)
    if isinstance(settings, PostgresSettings) and settings.dumps is not None:
        yield Reference("dumps.repository", settings.dumps.repository, Gives.REPOSITORY)
    if isinstance(settings, PostgresSettings) and settings.restore_from is not None:
        yield Reference("restore_from.repository", settings.restore_from.repository, Gives.REPOSITORY)


def _further(settings: PostgresSettings | ExternalDatabase) -> Iterable[str]:
    return settings.databases if isinstance(settings, PostgresSettings) else ()


DATABASES = Kind(
    key="databases",
    build=_build,
    gives=frozenset({Gives.CONTRACT, Gives.ALERTS}),
    images=_images,
    further=_further,
    uses=_uses,
    secrets=external_secrets,
    advice=(
        lambda context: externals_are_encrypted(context, "databases"),
        two_servers_have_one_replica,
        servers_wait_for_a_volume,
    ),
    keeps=lambda settings: ("",) if isinstance(settings, PostgresSettings) else (),
    counters=lambda settings: settings.rotate.counters if isinstance(settings, PostgresSettings) else {},
    fixed=lambda settings: settings.fixed if isinstance(settings, PostgresSettings) else {},
    guarantees=lambda settings, around: promises(settings, around) if isinstance(settings, PostgresSettings) else (),
    groups=lambda part, around: (
        groups(part.name, part.settings, around) if isinstance(part.settings, PostgresSettings) else ()
    ),
    pools=lambda part: pools(part.name, part.settings) if isinstance(part.settings, PostgresSettings) else (),
    connections=lambda settings: limits(settings) if isinstance(settings, PostgresSettings) else (),
    rules=RULES,
    keys={
        "": KEYS | {"outside": "backups.repositories"},
        "backups.verify": KEYS
        | {
            "hosts": "backups.verify.host",
            "volume": "backups.verify.volume",
            "container.resources": "backups.verify.resources",
            "outside": "backups.repositories",
        },
        "dumps": {
            "at": "dumps.at",
            "deadline_seconds": "dumps.deadline",
            "hosts": "dumps.host",
            "container.resources": "dumps.resources",
            "node_labels": "placement.labels",
            "tolerations": "placement.tolerations",
            "outside": "dumps.repository",
        },
        "pooler": dict.fromkeys(("name", "replicas", "spread"), "pooler.replicas")
        | {
            "node_labels": "pooler.placement.labels",
            "tolerations": "pooler.placement.tolerations",
            "container.resources": "pooler.resources",
        },
        "store": KEYS | dict.fromkeys(("count", "spread"), "store.members") | {"hosts": "store.hosts"},
    },
)
