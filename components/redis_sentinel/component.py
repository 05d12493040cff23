"""RedisSentinel: Redis members, as many Sentinels, and the contract that clients need to follow the master."""

import pulumi

from components.contracts import ClientContract
from components.observability import Observability
from components.redis_sentinel.exporter import exporter
from components.redis_sentinel.redis import redis
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.sentinel import sentinel
from components.redis_sentinel.settings import RedisSettings
from components.scope import Scope
from components.store_image import ExporterImage, StoreImage
from model import Origin
from platforms.base import Platform

MASTER_NAME = "main"
"""What the Sentinels call the group."""


class RedisSentinel(pulumi.ComponentResource):
    """One Redis replication group.

    `origin` is where the settings stand. Outputs: `contract` (Sentinel addresses, master name, passwords) and
    `observability`.
    """

    contract: ClientContract
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: RedisSettings,
        *,
        platform: Platform,
        image: StoreImage,
        exporter_image: ExporterImage,
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RedisSentinel", name, None, opts)
        scope = Scope(platform=platform, origin=origin or Origin(key="caches", name=name), parent=self)
        secrets = RedisSecrets.generated(scope, name, master_name=MASTER_NAME)
        sentinel_hosts = [platform.member_host(f"{name}-sentinel", ordinal) for ordinal in range(settings.members)]
        members = redis(
            scope,
            name,
            settings,
            image=image,
            secrets=secrets,
            master_name=MASTER_NAME,
            sentinel_hosts=sentinel_hosts,
        )
        sentinels = sentinel(
            scope, name, settings, image=image, secrets=secrets, master_name=MASTER_NAME, redis=members
        )
        self.contract = ClientContract(
            settings={
                "SENTINELS": ",".join(f"{host}:26379" for host in sentinel_hosts),
                "MASTER_NAME": MASTER_NAME,
                "SOCKET_TIMEOUT": "2",
            },
            secrets={
                "PASSWORD": scope.secret(f"{name}-client-password", secrets.password),
                "SENTINEL_PASSWORD": scope.secret(f"{name}-client-sentinel", secrets.sentinel_password),
            },
            resources=(*members.resources, *sentinels.resources),
        )
        self.observability = scope.observed(
            exporter(scope, name, settings, image=exporter_image, redis=members, password=secrets.password)
        )
        self.register_outputs({"sentinels": self.contract.settings["SENTINELS"]})
