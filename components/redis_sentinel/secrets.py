"""Generated passwords of a replication group, and the files that hold them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.redis_sentinel import acl
from components.redis_sentinel.settings import RedisSettings
from components.scope import Scope
from model import SecretRef

USERS_FILE = "users.acl"


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user and its password."""

    user: str
    password: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class RedisSecrets:
    """`redis_auth` and `sentinel_auth` are the parts of the configuration files that hold passwords, `users` is the
    file of users. `apps` are the logins by the application's name; `client` is that of whoever no stack names.

    A group of the version before users has only the default user. So the members log in to each other as that one,
    until it is switched off; then every member knows the others' own user.
    """

    client: Login
    apps: Mapping[str, Login]
    sentinel_password: pulumi.Output[str]
    exporter_password: pulumi.Output[str]
    member_user: str
    redis_auth: SecretRef
    users: SecretRef
    sentinel_auth: SecretRef
    member_password: SecretRef
    probe_password: SecretRef
    sentinel_password_file: SecretRef

    @classmethod
    def generated(
        cls, scope: Scope, name: str, settings: RedisSettings, directory: str, apps: tuple[str, ...]
    ) -> "RedisSecrets":
        """New passwords at the first update, the same ones from then on."""
        off = settings.default_user == "off"
        everything = scope.password(f"{name}-password")
        sentinel = scope.password(f"{name}-sentinel-password")
        own = {
            user: scope.password(f"{name}-{user.replace('_', '-')}")
            for user in (acl.MEMBER, acl.SENTINEL, acl.EXPORTER, acl.PROBE)
        }
        logins = {
            app: Login(user=acl.app_user(app), password=scope.password(f"{name}-{acl.app_user(app)}"))
            for app in (apps if settings.default_user != "apps" else ())
        }
        client = Login(user=acl.DEFAULT, password=everything)
        if off:
            client = Login(user=acl.CLIENT, password=scope.password(f"{name}-ha-client"))
        named = {one.user: one.password for one in (*logins.values(), *((client,) if off else ()))}

        def secret(suffix: str, value: pulumi.Output[str]) -> SecretRef:
            return scope.secret(f"{name}-{suffix}", value)

        known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(
            {"own": own, "apps": named, "everything": everything}
        )
        users = known.apply(
            lambda all_: acl.acl_file(
                all_["own"],
                all_["apps"],
                settings.role,
                settings.app_commands,
                default=None if off else all_["everything"],
            )
        )
        member = own[acl.MEMBER] if off else everything
        auth = f"aclfile {directory}/{USERS_FILE}\n" + (f"masteruser {acl.MEMBER}\n" if off else "")
        watched = f"sentinel auth-user {settings.master_name} {acl.SENTINEL}\nsentinel auth-pass {settings.master_name}"
        return cls(
            client=client,
            apps=logins,
            sentinel_password=sentinel,
            exporter_password=own[acl.EXPORTER],
            member_user=acl.MEMBER if off else acl.DEFAULT,
            redis_auth=secret("redis-auth", pulumi.Output.format("{1}masterauth {0}\n", member, auth)),
            users=secret("redis-users", pulumi.Output.secret(users)),
            sentinel_auth=secret(
                "sentinel-auth",
                pulumi.Output.format(
                    "requirepass {1}\nsentinel sentinel-pass {1}\n{2} {0}\n", own[acl.SENTINEL], sentinel, watched
                ),
            ),
            member_password=secret("redis-password", member),
            probe_password=secret("probe-password", own[acl.PROBE]),
            sentinel_password_file=secret("sentinel-password", sentinel),
        )
