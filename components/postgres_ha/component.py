"""PostgresHA: Patroni members, their consensus store, and one write endpoint that follows the primary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pulumi

from components.component import Component
from components.contracts import BackupRepository, ClientContract, Terms
from components.external import tls_values
from components.facts import filled
from components.names import digest, short_name
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.postgres_ha.alerts import Alerts
from components.postgres_ha.applied import applied_settings
from components.postgres_ha.backup_alerts import backup_rules, backup_target
from components.postgres_ha.backups import Backups
from components.postgres_ha.contract import POOLER_URL, READ_URL, URL, database_url
from components.postgres_ha.etcd import etcd
from components.postgres_ha.exporter import exporter
from components.postgres_ha.images import PostgresImages
from components.postgres_ha.members import PostgresSecrets, postgres
from components.postgres_ha.pooler import pooler
from components.postgres_ha.proxy import endpoint
from components.postgres_ha.restored_from import RestoredFrom
from components.postgres_ha.settings import PostgresSettings
from components.postgres_ha.timers import CONNECT_SECONDS
from components.postgres_ha.tls import DatabaseTlsSettings, certificates
from components.postgres_ha.verifier import verifier
from components.scope import Scope
from components.write_proxy import scraped
from model import Origin
from platforms.base import Platform


class PostgresHA(Component):
    """One PostgreSQL cluster.

    `images` are the pinned images with their paths, `repositories` those that `backups` names, `source` the one that
    `restore_from` names; `origin` is where the settings stand. Outputs: `contract` (settings that survive a failover),
    `further` (the same for each further database, and for each role in a database by `in_role`) and `observability`.
    """

    contract: ClientContract
    further: dict[str, ClientContract]
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: PostgresSettings,
        *,
        platform: Platform,
        images: PostgresImages,
        repositories: Sequence[BackupRepository] = (),
        source: BackupRepository | None = None,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:PostgresHA", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="databases", name=name), parent=self.place)
        store = etcd(scope, name, settings, image=images.etcd)
        secrets = PostgresSecrets.generated(scope, name, settings)
        issued = certificates(scope, name, members=settings.members)
        backups = None
        if settings.backups is not None:
            password = scope.password(f"{name}-backups")
            backups = Backups(settings=settings.backups, repositories=repositories, password=password)
        begins = settings.restore_from
        members = postgres(
            scope,
            name,
            settings,
            image=images.postgres,
            store=store,
            certificates=issued,
            secrets=secrets,
            backups=backups,
            restored_from=RestoredFrom(settings=begins, repository=source) if begins and source else None,
        )
        applied = applied_settings(
            scope,
            name,
            settings,
            image=images.postgres,
            members=members,
            ca=issued.ca,
            secrets=secrets,
            backups=backups,
        )
        if backups is not None and backups.settings.verify is not None:
            verifier(
                scope,
                name,
                settings,
                backups.settings.verify,
                image=images.postgres,
                members=members,
                backups=backups,
                depends_on=applied,
            )
        behind = partial(endpoint, scope, name, settings, image=images.proxy, members=members, depends_on=applied)
        write = behind()
        read = behind(reading=settings.reads) if settings.reads else None
        pooled = None
        if settings.pooler is not None:
            assert images.pooler is not None, "a kind asks for the image of what it runs"
            passwords = {settings.owner: secrets.owner, **secrets.roles}
            pooled = pooler(
                scope,
                name,
                settings,
                settings.pooler,
                image=images.pooler,
                write=write,
                certificates=issued,
                passwords=passwords,
            )
        values: dict[str, pulumi.Input[str]] = {
            "host": write.host,
            "port": "5432",
            "name": settings.database,
            "user": settings.owner,
            "connect_timeout": str(CONNECT_SECONDS),
            "password": secrets.owner,
        }
        if read:
            values |= {"read_host": read.host, "read_port": "5432"}
        if pooled:
            values |= {"pooler_host": pooled.host, "pooler_port": "5432"}
        told = settings.clients_tls
        values |= tls_values(name, told)
        values |= _urls(values, settings.terms(), told)
        self.contract = ClientContract(
            terms=settings.terms(),
            values=values,
            secrets={key: scope.secret(f"{name}-{key.replace('_', '-')}", values[key]) for key in _held(values)},
            files={"ca_file": issued.ca} if told else {},
            resources=(
                *members.resources,
                *applied,
                *(resource for way in (write, read, pooled) if way for resource in way.resources),
            ),
        )
        self.further = {
            database: self._further(scope, f"{name}-db-{database}", database, owner, secrets, told)
            for database, owner in settings.owners.items()
        } | dict(self._in_roles(scope, name, settings, secrets))
        proxies = scraped(f"postgres-{name}-rw", write, settings.members)
        readers = scraped(f"postgres-{name}-ro", read, settings.members) if read else None
        patroni = ScrapeTarget(
            job=f"postgres-{name}", replicas_host=members.replicas_host, port=8008, expected=settings.members
        )
        alerts = Alerts(
            name=name,
            settings=settings,
            members=patroni.job,
            writes=proxies.job,
            reads=readers.job if readers else "",
            proxies=proxies.expected,
        )
        servers = exporter(
            scope,
            name,
            settings,
            image=images.exporter,
            members=members,
            ca=issued.ca,
            password=secrets.exporter,
            patroni=patroni.job,
        )
        agents = backup_target(name, members.replicas_host, settings.members)
        label = f"Postgres_{name.replace('-', '_')}"
        self.observability = scope.observed(
            Observability(
                targets=(patroni, proxies, *((readers,) if readers else ()), *((agents,) if backups else ())),
                rules=(
                    down_rule(label, patroni, runbook="docs/runbooks/postgres-down.md", silences=["PrimaryChanged"]),
                    *alerts.rules(),
                    *(backup_rules(name, backups.settings, agents.job) if backups else ()),
                ),
                panels=(
                    Panel(title=f"{name}: primary", expr=f'sum(patroni_primary{{job="{patroni.job}"}})'),
                    Panel(title=f"{name}: members up", expr=f'sum(up{{job="{patroni.job}"}})'),
                ),
            ),
            servers,
            store.observability,
        )
        fixed_here = {"restore_from": ""} | settings.fixed  # data that is there begins no more
        own = {scope.origin.at(key).path: value for key, value in fixed_here.items()}
        # Known when the job has seen that it is so: what it refuses is not remembered.
        fixed = pulumi.Output.all(*(one.urn for one in applied)).apply(lambda _: own)
        self.register_outputs({"host": write.host, "fixed": fixed})

    def _in_roles(
        self, scope: Scope, name: str, settings: PostgresSettings, secrets: PostgresSecrets
    ) -> Iterator[tuple[str, ClientContract]]:
        """A contract for each role that logs in, in each database where it may do something."""
        for database in settings.every_owner:
            part = "" if database == settings.database else database
            for role in settings.roles_of(part):
                word = f"{name}-role-{role}-{database}"
                if "_" in role + database:  # which becomes `-`: `a` in `b_c` and `a_b` in `c` stay two
                    word += f"-{digest(f'{role} {database}')}"
                yield f"{part}@{role}", self._further(scope, word, database, role, secrets, settings.clients_tls)

    def _further(
        self,
        scope: Scope,
        word: str,
        database: str,
        owner: str,
        secrets: PostgresSecrets,
        tls: DatabaseTlsSettings | None,
    ) -> ClientContract:
        first = self.contract
        values = dict(first.values) | {
            "name": database,
            "user": owner,
            "password": secrets.roles.get(owner, secrets.owner),
        }
        values |= _urls(values, first.terms, tls)
        return replace(
            first,
            values=values,
            secrets={key: scope.secret(_secret_name(word, key), values[key]) for key in _held(values)},
        )


def _urls(
    values: Mapping[str, pulumi.Input[str]], terms: Terms, tls: DatabaseTlsSettings | None
) -> dict[str, pulumi.Input[str]]:
    texts = {"url": URL}
    if "read_host" in values:
        texts["read_url"] = READ_URL
    if "pooler_host" in values:
        texts["pooler_url"] = POOLER_URL
    texts = {key: database_url(tls, text=text) for key, text in texts.items()}
    return {key: filled(text, values, terms.facts) for key, text in texts.items()}


def _held(values: Mapping[str, object]) -> list[str]:
    """The facts that are secrets."""
    return [key for key in ("url", "password", "read_url", "pooler_url") if key in values]


def _secret_name(word: str, key: str) -> str:
    name = f"{word.replace('_', '-')}-{key.replace('_', '-')}"
    return short_name(name, name)
