"""Generated passwords of a replication group, and the files that hold them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.redis_sentinel import acl
from components.redis_sentinel.settings import RedisSettings
from components.rotation import numbered
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
    file of users. `apps` are the logins by the application's name, `former` those that a rotation replaces, and
    `rotation_password` is of whoever takes these away; `client` is the login of whoever no stack names.

    `copies_password` is there with `backups`.

    A group of the version before users has only the default user. So the members log in to each other as that one,
    until it is switched off; then every member knows the others' own user.
    """

    client: Login
    apps: Mapping[str, Login]
    former: Mapping[str, Login]
    rotation_password: SecretRef | None
    sentinel_password: pulumi.Output[str]
    exporter_password: pulumi.Output[str]
    copies_password: pulumi.Output[str] | None
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
        """New passwords at the first update, and where their counter is raised; the same ones from then on. `directory`
        is where the servers find their users."""
        off, rotates = settings.default_user == "off", settings.rotate.former > 0
        everything = scope.password(f"{name}-password")
        sentinel = scope.password(f"{name}-sentinel-password")
        own = {
            user: scope.password(f"{name}-{user.replace('_', '-')}")
            for user in acl.parts(copied=settings.backups is not None, rotates=rotates)
        }

        def of_apps(counter: int) -> dict[str, Login]:
            return {
                app: Login(
                    user=acl.app_user(app, counter),
                    password=scope.password(numbered(f"{name}-{acl.app_user(app)}", counter)),
                )
                for app in (apps if settings.default_user != "apps" else ())
            }

        logins = of_apps(settings.rotate.passwords)
        former = of_apps(settings.rotate.former) if rotates else {}
        client = Login(user=acl.DEFAULT, password=everything)
        if off:
            client = Login(user=acl.CLIENT, password=scope.password(f"{name}-ha-client"))
        every = (*logins.values(), *former.values(), *((client,) if off else ()))
        named = {one.user: one.password for one in every}

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
            former=former,
            rotation_password=secret("rotation-password", own[acl.ROTATION]) if rotates else None,
            sentinel_password=sentinel,
            exporter_password=own[acl.EXPORTER],
            copies_password=own.get(acl.COPIES),
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
