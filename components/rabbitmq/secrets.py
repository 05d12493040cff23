"""Generated passwords of a cluster, and the files that hold what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.rabbitmq.definitions import definitions
from components.rabbitmq.settings import RabbitSettings
from components.scope import Scope
from model import SecretRef

CLIENT = "ha_client"
"""Clients that no stack names."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user, its password and the virtual host that it is for."""

    user: str
    password: pulumi.Output[str]
    vhost: str


@dataclass(frozen=True, kw_only=True)
class RabbitSecrets:
    """`apps` are the logins by the application's name; `client` is that of whoever no stack names. `vhosts` are those
    of further virtual hosts, `users` the passwords of further users. `cookie` lets nodes talk to each other."""

    client: Login | None
    apps: Mapping[str, Login]
    vhosts: Mapping[str, Login]
    users: Mapping[str, pulumi.Output[str]]
    cookie: SecretRef
    definitions: SecretRef

    @classmethod
    def generated(
        cls,
        scope: Scope,
        name: str,
        settings: RabbitSettings,
        apps: tuple[str, ...],
        given: Mapping[str, pulumi.Output[str]],
    ) -> "RabbitSecrets":
        """New passwords at the first update, the same ones from then on; `given` are the values of given secrets."""

        def login(user: str, vhost: str) -> Login:
            word = f"{name}-{user.replace('_', '-')}"
            return Login(user=user, password=scope.password(word), vhost=vhost)

        known = {app: login(f"app-{app}", settings.vhost) for app in apps}
        client = None if known else login(CLIENT, settings.vhost)
        vhosts = {vhost: login(f"vhost-{vhost}", vhost) for vhost in settings.further_vhosts}
        users = {
            user: given[one.password] if one.password else scope.password(f"{name}-user-{user.replace('_', '-')}")
            for user, one in settings.users.items()
        }
        logins = [*known.values(), *vhosts.values(), *((client,) if client else ())]
        passwords = pulumi.Output.from_input({one.user: one.password for one in logins} | users)
        where = {one.user: one.vhost for one in logins}
        text = passwords.apply(lambda told: definitions(settings, told, where))
        return cls(
            client=client,
            apps=known,
            vhosts=vhosts,
            users=users,
            cookie=scope.secret(f"{name}-cookie", scope.password(f"{name}-cookie", length=64)),
            definitions=scope.secret(f"{name}-definitions", pulumi.Output.secret(text)),
        )
