"""PostgresHA: Patroni members, their consensus store, and one write endpoint that follows the primary."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pulumi

from components.component import Component
from components.contracts import BackupRepository, ClientContract, Terms
from components.external import tls_values
from components.facts import filled
from components.kind import Clients
from components.names import digest, short_name
from components.observability import Observability, Panel, ScrapeTarget, down_rule
from components.postgres_ha.alerts import Alerts
from components.postgres_ha.applied import applied_settings
from components.postgres_ha.backup_alerts import backup_rules, backup_target
from components.postgres_ha.backups import Backups
from components.postgres_ha.contract import POOLER_URL, READ_URL, URL, database_url
from components.postgres_ha.dumps import dumps
from components.postgres_ha.etcd import etcd
from components.postgres_ha.exporter import exporter
from components.postgres_ha.images import PostgresImages
from components.postgres_ha.logins import login
from components.postgres_ha.members import PostgresSecrets, postgres
from components.postgres_ha.pauses import pauses
from components.postgres_ha.pooler import pooler
from components.postgres_ha.pooler_exporter import pooler_exporter
from components.postgres_ha.proxy import endpoint
from components.postgres_ha.rest import PORT, scraped_by
from components.postgres_ha.restored_from import RestoredFrom
from components.postgres_ha.retired import retired_logins
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
    `restore_from` names, `dumps_into` the one of `dumps`; `origin` is where the settings stand. Outputs: `contract`
    (settings that survive a failover), `further` (the same for each further database, and for each role in a database
    by `in_role`), `observability`, and `retire`, which ends a rotation of passwords where there is one.
    """

    contract: ClientContract
    further: dict[str, ClientContract]
    observability: Observability
    retire: Callable[[Clients], None] | None = None

    def __init__(
        self,
        name: str,
        settings: PostgresSettings,
        *,
        platform: Platform,
        images: PostgresImages,
        repositories: Sequence[BackupRepository] = (),
        source: BackupRepository | None = None,
        dumps_into: BackupRepository | None = None,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:PostgresHA", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="databases", name=name), parent=self.place)
        self._counter = settings.rotate.passwords
        store = etcd(scope, name, settings, image=images.etcd)
        secrets = PostgresSecrets.generated(scope, name, settings)
        issued = certificates(scope, name, members=settings.members)
        backups = None
        if settings.backups is not None:
            password = scope.password(f"{name}-backups")
            backups = Backups(settings=settings.backups, repositories=repositories, password=password)
        begins = settings.restore_from
        waiting = pauses(scope, name, settings)
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
            pauses=waiting,
        )
        applied = applied_settings(
            scope,
            name,
            settings,
            image=images.postgres,
            members=members,
            certificates=issued,
            secrets=secrets,
            backups=backups,
            pauses=waiting,
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
        dumped, dumping = Observability(), tuple[pulumi.Resource, ...]()
        if settings.dumps is not None:
            assert dumps_into is not None, "a kind gives the repository that is named"
            dumped, dumping = dumps(
                scope,
                name,
                settings,
                settings.dumps,
                image=images.postgres,
                members=members,
                ca=issued.ca,
                passwords=secrets.roles,
                repository=dumps_into,
                depends_on=applied,
            )
        if settings.rotate.former:
            self.retire = partial(
                retired_logins,
                scope,
                name,
                settings,
                image=images.postgres,
                members=members,
                certificates=issued,
                secrets=secrets,
                after=(*applied, *dumping),
            )
        behind = partial(
            endpoint,
            scope,
            name,
            settings,
            image=images.proxy,
            members=members,
            verified=issued.verified,
            depends_on=applied,
        )
        write = behind()
        read = behind(reading=settings.reads) if settings.reads else None
        pooled, poolers = None, Observability()
        if settings.pooler is not None:
            assert images.pooler is not None, "a kind asks for the image of what it runs"
            passwords = {self._login(role): each for role, each in secrets.roles.items()} | dict(secrets.former)
            pooled = pooler(
                scope,
                name,
                settings,
                settings.pooler,
                image=images.pooler,
                write=write,
                certificates=issued,
                passwords=passwords,
                figures=(figures := scope.password(f"{name}-pooler-figures")),
                pauses=waiting,
            )
            poolers = pooler_exporter(
                scope.at("pooler"),
                name,
                image=images.postgres,
                pooler=pooled,
                replicas=settings.pooler.count(settings.members),
                ca=issued.ca,
                password=figures,
            )
        values: dict[str, pulumi.Input[str]] = {
            "host": write.host,
            "port": "5432",
            "name": settings.database,
            "user": self._login(settings.owner),
            "connect_timeout": str(CONNECT_SECONDS),
            "password": secrets.roles[settings.owner],
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
            job=f"postgres-{name}",
            replicas_host=members.replicas_host,
            port=PORT,
            expected=settings.members,
            verified=scraped_by(settings, issued),
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
            poolers,
            dumped,
        )
        fixed_here = {"restore_from": ""} | settings.fixed  # data that is there begins no more
        own = {scope.origin.at(key).path: value for key, value in fixed_here.items()}
        # Known when the job has seen that it is so: what it refuses is not remembered.
        fixed = pulumi.Output.all(*(one.urn for one in applied)).apply(lambda _: own)
        outputs: dict[str, object] = {
            "host": write.host,
            "fixed": fixed,
            **settings.rotate.output(scope.origin, *applied),
        }
        if rest := settings.tls.rest:
            # Known when everybody who asks has changed: only then may the next step begin.
            everybody = (one.urn for one in self.contract.resources)
            outputs["rest"] = pulumi.Output.all(*everybody).apply(lambda _: rest)
        self.register_outputs(outputs)

    def _login(self, role: str) -> str:
        return login(role, self._counter)

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
            "user": self._login(owner),
            "password": secrets.roles[owner],
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
