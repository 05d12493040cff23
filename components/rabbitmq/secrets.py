"""Generated passwords of a cluster, and the files that hold what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.rabbitmq.definitions import ROTATION, Replaced, definitions
from components.rabbitmq.settings import RabbitSettings
from components.rotation import numbered
from components.scope import Scope
from model import SecretRef

CLIENT = "ha_client"
"""Clients that no stack names."""
COPIES = "ha_copies"
"""Who copies what applications have made, and makes it again. Only with `backups`."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user, its password and the virtual host that it is for; `word` is what its secrets are called."""

    user: str
    word: str
    password: pulumi.Output[str]
    vhost: str


@dataclass(frozen=True, kw_only=True)
class RabbitSecrets:
    """`apps` are the logins by the application's name; `client` is that of whoever no stack names. `vhosts` are those
    of further virtual hosts, `users` those of further users. `former` are users that a rotation replaces, and by whom.
    `cookie` lets nodes talk to each other."""

    client: Login | None
    apps: Mapping[str, Login]
    vhosts: Mapping[str, Login]
    users: Mapping[str, Login]
    copies_password: pulumi.Output[str] | None
    rotation_password: pulumi.Output[str] | None
    former: Mapping[str, str]
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
        """New passwords at the first update, and where their counter is raised; the same ones from then on. `given` are
        the values of given secrets."""
        rotate = settings.rotate

        def login(user: str, vhost: str, counter: int, word: str = "") -> Login:
            password = scope.password(numbered(f"{name}-{(word or user).replace('_', '-')}", counter))
            return Login(user=numbered(user, counter), word=user, password=password, vhost=vhost)

        def generated(counter: int) -> dict[str, dict[str, Login]]:
            found = {
                "apps": {app: login(f"app-{app}", settings.vhost, counter) for app in apps},
                "vhosts": {vhost: login(f"vhost-{vhost}", vhost, counter) for vhost in settings.further_vhosts},
                "users": {
                    user: login(user, "", counter, f"user-{user}")
                    for user, one in settings.users.items()
                    if one.password is None
                },
            }
            return found if apps else found | {"client": {CLIENT: login(CLIENT, settings.vhost, counter)}}

        now = generated(rotate.passwords)
        before = generated(rotate.former) if rotate.former else {}
        known = {
            user: Login(user=user, word=user, password=given[one.password], vhost="")
            for user, one in settings.users.items()
            if one.password
        }
        own = {COPIES: scope.password(f"{name}-ha-copies")} if settings.backups else {}
        if before:
            own[ROTATION] = scope.password(f"{name}-ha-rotation")
        logins = [one for each in now.values() for one in each.values()] + [*known.values()]
        former = [one for each in before.values() for one in each.values()]
        passwords: pulumi.Output[Any] = pulumi.Output.from_input(
            {one.user: one.password for one in (*logins, *former)} | own
        )
        replaced = Replaced(rotate.passwords, {one.user: one.word for one in former}) if former else None
        where = {one.user: one.vhost for one in (*logins, *former) if one.vhost}
        names = {one.user: one.word for one in (*logins, *former) if not one.vhost}
        everywhere = (COPIES,) if settings.backups else ()
        text = passwords.apply(lambda told: definitions(settings, told, where, names, everywhere, replaced))
        return cls(
            client=now.get("client", {}).get(CLIENT),
            apps=now["apps"],
            vhosts=now["vhosts"],
            users=now["users"] | known,
            copies_password=own.get(COPIES),
            rotation_password=own.get(ROTATION),
            former={one.user: numbered(one.word, rotate.passwords) for one in former},
            cookie=scope.secret(f"{name}-cookie", scope.password(f"{name}-cookie", length=64)),
            definitions=scope.secret(f"{name}-definitions", pulumi.Output.secret(text)),
        )
