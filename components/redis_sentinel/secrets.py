"""Generated passwords of a replication group, and the files that hold them."""

from dataclasses import dataclass

import pulumi

from components.scope import Scope
from model import SecretRef


@dataclass(frozen=True, kw_only=True)
class RedisSecrets:
    """`redis_auth` and `sentinel_auth` are the parts of the configuration files that hold passwords."""

    password: pulumi.Output[str]
    sentinel_password: pulumi.Output[str]
    redis_auth: SecretRef
    sentinel_auth: SecretRef
    redis_password: SecretRef
    sentinel_password_file: SecretRef

    @classmethod
    def generated(cls, scope: Scope, name: str, *, master_name: str) -> "RedisSecrets":
        """New passwords at the first update, the same ones from then on."""
        password = scope.password(f"{name}-password")
        sentinel = scope.password(f"{name}-sentinel-password")

        def secret(suffix: str, value: pulumi.Output[str]) -> SecretRef:
            return scope.secret(f"{name}-{suffix}", value)

        return cls(
            password=password,
            sentinel_password=sentinel,
            redis_auth=secret("redis-auth", pulumi.Output.format("requirepass {0}\nmasterauth {0}\n", password)),
            sentinel_auth=secret(
                "sentinel-auth",
                pulumi.Output.format(
                    "requirepass {1}\nsentinel sentinel-pass {1}\nsentinel auth-pass {2} {0}\n",
                    password,
                    sentinel,
                    master_name,
                ),
            ),
            redis_password=secret("redis-password", password),
            sentinel_password_file=secret("sentinel-password", sentinel),
        )
