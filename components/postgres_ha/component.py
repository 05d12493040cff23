"""PostgresHA: Patroni members, their consensus store, and one write endpoint that follows the primary."""

import pulumi

from components.contracts import ClientContract
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.postgres_ha.applied import applied_settings
from components.postgres_ha.etcd import etcd
from components.postgres_ha.images import PostgresImages
from components.postgres_ha.members import PostgresSecrets, postgres
from components.postgres_ha.proxy import STATUS_PORT, write_endpoint
from components.postgres_ha.settings import PostgresSettings
from model import Secret
from platforms.base import Platform


class PostgresHA(pulumi.ComponentResource):
    """One PostgreSQL cluster.

    `images` are the pinned images with their paths; `origin` is the YAML path of the settings. Outputs: `contract`
    (settings that survive a failover) and `observability`.
    """

    contract: ClientContract
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: PostgresSettings,
        *,
        platform: Platform,
        images: PostgresImages,
        origin: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:PostgresHA", name, None, opts)
        store = etcd(name, settings, platform=platform, image=images.etcd, origin=origin, parent=self)
        secrets = PostgresSecrets.generated(name, platform=platform, parent=self)
        members = postgres(
            name,
            settings,
            platform=platform,
            image=images.postgres,
            etcd_hosts=store.member_hosts,
            secrets=secrets,
            origin=origin,
            depends_on=store.resources,
            parent=self,
        )
        applied = applied_settings(
            name,
            settings,
            platform=platform,
            image=images.postgres,
            members=members,
            secrets=secrets,
            origin=origin,
            parent=self,
        )
        write = write_endpoint(
            name,
            settings,
            platform=platform,
            image=images.proxy,
            members=members,
            depends_on=applied,
            origin=origin,
            parent=self,
        )
        url = pulumi.Output.concat(
            "postgresql://", settings.owner, ":", secrets.owner, f"@{write.host}:5432/", settings.database,
            "?target_session_attrs=read-write",
        )  # fmt: skip
        self.contract = ClientContract(
            settings={
                "HOST": write.host,
                "PORT": "5432",
                "NAME": settings.database,
                "USER": settings.owner,
                "CONNECT_TIMEOUT": "5",
            },
            secrets={
                "URL": platform.secret(Secret(name=f"{name}-url", value=url), parent=self),
                "PASSWORD": platform.secret(Secret(name=f"{name}-password", value=secrets.owner), parent=self),
            },
            resources=(*members.resources, *applied, *write.resources),
        )
        proxies = ScrapeTarget(
            job=f"postgres-{name}-rw", replicas_host=write.replicas_host, port=STATUS_PORT, expected=_proxies(settings)
        )
        patroni = ScrapeTarget(
            job=f"postgres-{name}", replicas_host=members.replicas_host, port=8008, expected=settings.members
        )
        self.observability = Observability(
            targets=(patroni, proxies),
            rules=(down_rule(f"Postgres_{name.replace('-', '_')}", patroni, runbook="docs/runbooks/postgres-down.md"),),
            panels=(
                Panel(title=f"{name}: primary", expr=f'sum(patroni_primary{{job="{patroni.job}"}})'),
                Panel(title=f"{name}: members up", expr=f'sum(up{{job="{patroni.job}"}})'),
            ),
        )
        self.register_outputs({"host": write.host})


def _proxies(settings: PostgresSettings) -> int:
    return 1 if settings.members == 1 else 2
