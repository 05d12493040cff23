"""Generated passwords of a cluster, and the files that hold them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.redis_cluster import acl
from components.redis_cluster.settings import ClusterSettings
from components.scope import Scope
from model import SecretRef

USERS_FILE = "users.acl"


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user and its password."""

    user: str
    password: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class ClusterSecrets:
    """`apps` are the logins by the application's name; `client` is that of whoever no stack names, where none is.
    `auth` is the part of the configuration that holds a password, `users` the file of users."""

    client: Login | None
    apps: Mapping[str, Login]
    exporter_password: pulumi.Output[str]
    auth: SecretRef
    users: SecretRef
    member_password: SecretRef
    mover_password: SecretRef

    @classmethod
    def generated(
        cls, scope: Scope, name: str, settings: ClusterSettings, directory: str, apps: tuple[str, ...]
    ) -> "ClusterSecrets":
        """New passwords at the first update, the same ones from then on."""
        own = {user: scope.password(f"{name}-{user.replace('_', '-')}") for user in acl.PARTS}

        def login(user: str) -> Login:
            return Login(user=user, password=scope.password(f"{name}-{user.replace('_', '-')}"))

        logins = {app: login(acl.app_user(app)) for app in apps}
        client = None if apps else login(acl.CLIENT)
        named = {one.user: one.password for one in (*logins.values(), *((client,) if client else ()))}
        known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input({"own": own, "apps": named})
        users = known.apply(lambda all_: acl.acl_file(all_["own"], all_["apps"], settings.role, settings.app_commands))
        head = f"aclfile {directory}/{USERS_FILE}\nmasteruser {acl.MEMBER}\n"
        return cls(
            client=client,
            apps=logins,
            exporter_password=own[acl.EXPORTER],
            auth=scope.secret(f"{name}-redis-auth", pulumi.Output.format("{1}masterauth {0}\n", own[acl.MEMBER], head)),
            users=scope.secret(f"{name}-redis-users", pulumi.Output.secret(users)),
            member_password=scope.secret(f"{name}-member-password", own[acl.MEMBER]),
            mover_password=scope.secret(f"{name}-mover-password", own[acl.MOVER]),
        )
