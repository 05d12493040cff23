"""RabbitMQ: the nodes, and the contracts of those who use them."""

from collections.abc import Iterator, Mapping

import pulumi

from components.component import Component
from components.contracts import ClientContract
from components.facts import filled
from components.names import short_name, with_digest
from components.observability import Observability
from components.rabbitmq.contract import PORT, URL, node_fact
from components.rabbitmq.nodes import nodes
from components.rabbitmq.observed import observed
from components.rabbitmq.secrets import Login, RabbitSecrets
from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.timers import HEARTBEAT_SECONDS
from components.scope import Scope
from components.store_image import StoreImage
from model import Endpoint, Origin
from platforms.base import Platform


class RabbitMQ(Component):
    """One RabbitMQ cluster.

    `apps` are the applications that get users of their own; `origin` is where the settings stand. Outputs: `contract`
    (addresses, virtual host, user, password), `own` (the same for each of `apps`), `further` (for each further virtual
    host, and for each further user in a virtual host) and `observability`.
    """

    contract: ClientContract
    own: Mapping[str, ClientContract]
    further: Mapping[str, ClientContract]
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: RabbitSettings,
        *,
        platform: Platform,
        image: StoreImage,
        apps: tuple[str, ...] = (),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RabbitMQ", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="brokers", name=name), parent=self.place)
        secrets = RabbitSecrets.generated(scope, name, settings, apps)
        members = nodes(scope, name, settings, image=image, secrets=secrets)

        def contract(login: Login) -> ClientContract:
            return _contract(scope, name, settings, members, login)

        self.own = {app: contract(login) for app, login in secrets.apps.items()}
        self.contract = contract(secrets.client) if secrets.client else next(iter(self.own.values()))
        self.further = {vhost: contract(login) for vhost, login in secrets.vhosts.items()} | {
            key: contract(login) for key, login in _roles(settings, secrets)
        }
        self.observability = scope.observed(observed(name, settings, members))
        own = {scope.origin.at(key).path: value for key, value in settings.fixed.items()}
        self.register_outputs({"nodes": ",".join(members.member_hosts), "fixed": own})


def _roles(settings: RabbitSettings, secrets: RabbitSecrets) -> Iterator[tuple[str, Login]]:
    """A contract for each further user, in each virtual host where it may do something."""
    for vhost in settings.every_vhost:
        part = "" if vhost == settings.vhost else vhost
        for user in settings.roles_of(part):
            yield f"{part}@{user}", Login(user=user, password=secrets.users[user], vhost=vhost)


def _contract(scope: Scope, name: str, settings: RabbitSettings, members: Endpoint, login: Login) -> ClientContract:
    terms = settings.terms()
    values: dict[str, pulumi.Input[str]] = {
        "host": members.host,
        "port": PORT,
        "nodes": ",".join(f"{host}:{PORT}" for host in members.member_hosts),
        **{node_fact(ordinal): host for ordinal, host in enumerate(members.member_hosts)},
        "vhost": login.vhost,
        "heartbeat": str(HEARTBEAT_SECONDS),
        "user": login.user,
        "password": login.password,
    }
    values["url"] = filled(URL, values, terms.facts)
    word = f"{name}-{login.user}"
    if login.user in settings.users:
        word += f"-in-{login.vhost}"
    held = {key: scope.secret(_secret_name(word, key), values[key]) for key in ("password", "url")}
    return ClientContract(terms=terms, values=values, secrets=held, resources=members.resources)


def _secret_name(word: str, key: str) -> str:
    """`a_b` and `a-b` stay two."""
    named = with_digest if "_" in word else short_name
    return named(f"{word.replace('_', '-')}-{key}", f"{word} {key}")
