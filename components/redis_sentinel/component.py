"""RedisSentinel: Redis members, as many Sentinels, and the contract that clients need to follow the master."""

import pulumi

from components.contracts import ClientContract
from components.observability import Observability
from components.redis_sentinel.exporter import exporter
from components.redis_sentinel.redis import redis
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.sentinel import sentinel
from components.redis_sentinel.settings import RedisSettings
from components.store_image import ExporterImage, StoreImage
from model import Secret
from platforms.base import Platform

MASTER_NAME = "main"
"""What the Sentinels call the group."""


class RedisSentinel(pulumi.ComponentResource):
    """One Redis replication group.

    Outputs: `contract` (Sentinel addresses, master name, passwords) and `observability`.
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
        origin: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RedisSentinel", name, None, opts)
        secrets = RedisSecrets.generated(name, master_name=MASTER_NAME, platform=platform, parent=self)
        sentinel_hosts = [platform.member_host(f"{name}-sentinel", ordinal) for ordinal in range(settings.members)]
        members = redis(
            name,
            settings,
            platform=platform,
            image=image,
            secrets=secrets,
            master_name=MASTER_NAME,
            sentinel_hosts=sentinel_hosts,
            origin=origin,
            parent=self,
        )
        sentinels = sentinel(
            name,
            settings,
            platform=platform,
            image=image,
            secrets=secrets,
            master_name=MASTER_NAME,
            redis=members,
            origin=origin,
            parent=self,
        )
        self.contract = ClientContract(
            settings={
                "SENTINELS": ",".join(f"{host}:26379" for host in sentinel_hosts),
                "MASTER_NAME": MASTER_NAME,
                "SOCKET_TIMEOUT": "2",
            },
            secrets={
                "PASSWORD": platform.secret(
                    Secret(name=f"{name}-client-password", value=secrets.password), parent=self
                ),
                "SENTINEL_PASSWORD": platform.secret(
                    Secret(name=f"{name}-client-sentinel", value=secrets.sentinel_password), parent=self
                ),
            },
            resources=(*members.resources, *sentinels.resources),
        )
        self.observability = exporter(
            name,
            settings,
            platform=platform,
            image=exporter_image,
            redis=members,
            password=secrets.password,
            origin=origin,
            parent=self,
        )
        self.register_outputs({"sentinels": self.contract.settings["SENTINELS"]})
