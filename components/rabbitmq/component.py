"""RabbitMQ: the nodes, and the contracts of those who use them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import pulumi

from components.component import Component
from components.contracts import BackupRepository, ClientContract
from components.external import tls_values
from components.facts import filled
from components.kind import Clients
from components.names import short_name, with_digest
from components.observability import Observability
from components.rabbitmq.contract import PORT, TLS_PORT, broker_url, node_fact
from components.rabbitmq.copies import copies
from components.rabbitmq.nodes import nodes, nodes_word
from components.rabbitmq.observed import observed, waiting
from components.rabbitmq.retired import retired_users
from components.rabbitmq.secrets import Login, RabbitSecrets
from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.timers import HEARTBEAT_SECONDS
from components.rabbitmq.tls import Certificates, certificates
from components.scope import Scope
from components.store_image import StoreImage
from model import Endpoint, Image, Origin
from platforms.base import Platform

NOTHING: Mapping[str, pulumi.Output[str]] = MappingProxyType({})


class RabbitMQ(Component):
    """One RabbitMQ cluster.

    `apps` are the applications that get users of their own, `given` the values of given secrets; `copier_image` and
    `repository` are needed with `settings.backups`, `python_image` where passwords are rotated; `origin` is where the
    settings stand. Outputs: `contract` (addresses, virtual host, user, password), `own` (the same for each of `apps`),
    `further` (for each further virtual host, and for each further user in a virtual host), `observability`, and
    `retire`, which ends a rotation of passwords where there is one.
    """

    contract: ClientContract
    own: Mapping[str, ClientContract]
    further: Mapping[str, ClientContract]
    observability: Observability
    retire: Callable[[Clients], None] | None = None

    def __init__(
        self,
        name: str,
        settings: RabbitSettings,
        *,
        platform: Platform,
        image: StoreImage,
        copier_image: Image | None = None,
        python_image: Image | None = None,
        repository: BackupRepository | None = None,
        apps: tuple[str, ...] = (),
        given: Mapping[str, pulumi.Output[str]] = NOTHING,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RabbitMQ", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="brokers", name=name), parent=self.place)
        secrets = RabbitSecrets.generated(scope, name, settings, apps, given)
        issued = certificates(scope, nodes_word(name), members=settings.members) if settings.tls else None
        members = nodes(scope, name, settings, image=image, secrets=secrets, certificates=issued)

        def contract(login: Login) -> ClientContract:
            return _contract(scope, name, settings, members, issued, login)

        self.own = {app: contract(login) for app, login in secrets.apps.items()}
        self.contract = contract(secrets.client) if secrets.client else next(iter(self.own.values()))
        self.further = {vhost: contract(login) for vhost, login in secrets.vhosts.items()} | {
            key: contract(login) for key, login in _roles(settings, secrets)
        }
        parts = [observed(name, settings, members)]
        if settings.backups:
            assert copier_image is not None, "a rule should have refused a stack without the copier's image"
            assert repository is not None, "a rule should have refused a stack without the repository"
            parts.append(
                copies(
                    scope,
                    name,
                    settings,
                    settings.backups,
                    copier_image=copier_image,
                    repository=repository,
                    members=members,
                    secrets=secrets,
                    certificates=issued,
                )
            )
        self.observability = scope.observed(*parts)
        if settings.rotate.former:
            assert python_image is not None, "a rule should have refused a stack without the job's image"
            self.retire = partial(
                retired_users,
                scope,
                name,
                settings,
                image=python_image,
                members=members,
                secrets=secrets,
                certificates=issued,
            )
        own = {scope.origin.at(key).path: value for key, value in settings.fixed.items()}
        counters = settings.rotate.output(scope.origin, *members.resources)
        self.register_outputs({"nodes": ",".join(members.member_hosts), "fixed": own, **counters})


def _roles(settings: RabbitSettings, secrets: RabbitSecrets) -> Iterator[tuple[str, Login]]:
    """A contract for each further user, in each virtual host where it may do something."""
    for vhost in settings.every_vhost:
        part = "" if vhost == settings.vhost else vhost
        for user in settings.roles_of(part):
            yield f"{part}@{user}", replace(secrets.users[user], vhost=vhost)


def _contract(
    scope: Scope,
    name: str,
    settings: RabbitSettings,
    members: Endpoint,
    issued: Certificates | None,
    login: Login,
) -> ClientContract:
    terms, port = settings.terms(), TLS_PORT if settings.tls else PORT
    values: dict[str, pulumi.Input[str]] = {
        "host": members.host,
        "port": port,
        "nodes": ",".join(f"{host}:{port}" for host in members.member_hosts),
        **{node_fact(ordinal): host for ordinal, host in enumerate(members.member_hosts)},
        "vhost": login.vhost,
        "heartbeat": str(HEARTBEAT_SECONDS),
        "user": login.user,
        "password": login.password,
        **tls_values(name, settings.tls),
    }
    values["url"] = filled(broker_url(settings.tls), values, terms.facts)
    word = f"{name}-{login.word}"
    if login.word in settings.users:
        word += f"-in-{login.vhost}"
    held = {key: scope.secret(_secret_name(word, key), values[key]) for key in ("password", "url")}
    return ClientContract(
        terms=terms,
        values=values,
        secrets=held,
        files={"ca_file": issued.ca} if issued else {},
        resources=members.resources,
        waiting=waiting(name, login.vhost),
    )


def _secret_name(word: str, key: str) -> str:
    """`a_b` and `a-b` stay two."""
    named = with_digest if "_" in word else short_name
    return named(f"{word.replace('_', '-')}-{key}", f"{word} {key}")
