"""RedisSentinel: Redis members, as many Sentinels, and the contract that clients need to follow the master."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from components.component import Component
from components.contracts import ClientContract
from components.external import tls_values
from components.facts import filled
from components.observability import Observability
from components.redis_sentinel.contract import endpoint_url, sentinel_fact
from components.redis_sentinel.endpoint import write_endpoint
from components.redis_sentinel.exporter import exporter
from components.redis_sentinel.mounted import DIRECTORY
from components.redis_sentinel.redis import redis
from components.redis_sentinel.secrets import Login, RedisSecrets
from components.redis_sentinel.sentinel import sentinel
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.timers import SOCKET_TIMEOUT_SECONDS
from components.redis_sentinel.tls import certificates
from components.scope import Scope
from components.store_image import ExporterImage, StoreImage
from components.write_proxy import scraped
from model import Image, Origin
from platforms.base import Platform

SENTINEL_PORT = "26379"


class RedisSentinel(Component):
    """One Redis replication group.

    `proxy_image` is needed with `settings.endpoint`; `apps` are the applications that get users of their own; `origin`
    is where the settings stand. Outputs: `contract` (Sentinel addresses, master name, user, passwords, the plain
    address if there is one), `own` (the same for each of `apps`) and `observability`.
    """

    contract: ClientContract
    own: Mapping[str, ClientContract]
    observability: Observability

    def __init__(
        self,
        name: str,
        settings: RedisSettings,
        *,
        platform: Platform,
        image: StoreImage,
        exporter_image: ExporterImage,
        proxy_image: Image | None = None,
        apps: tuple[str, ...] = (),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RedisSentinel", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="caches", name=name), parent=self.place)
        secrets = RedisSecrets.generated(scope, name, settings, DIRECTORY, apps)
        issued = certificates(scope, name, members=settings.members) if settings.tls else None
        sentinel_hosts = [platform.member_host(f"{name}-sentinel", ordinal) for ordinal in range(settings.members)]
        members = redis(
            scope,
            name,
            settings,
            image=image,
            secrets=secrets,
            certificates=issued,
            master_name=settings.master_name,
            sentinel_hosts=sentinel_hosts,
        )
        sentinels = sentinel(
            scope,
            name,
            settings,
            image=image,
            secrets=secrets,
            certificates=issued,
            master_name=settings.master_name,
            redis=members,
        )
        observed = exporter(
            scope,
            name,
            settings,
            image=exporter_image,
            redis=members,
            sentinels=sentinels,
            secrets=secrets,
            certificates=issued,
        )
        values: dict[str, pulumi.Input[str]] = {
            "sentinels": ",".join(f"{host}:{SENTINEL_PORT}" for host in sentinel_hosts),
            "sentinel_hosts": ",".join(sentinel_hosts),
            "sentinel_port": SENTINEL_PORT,
            **{sentinel_fact(ordinal): host for ordinal, host in enumerate(sentinel_hosts)},
            "master_name": settings.master_name,
            "socket_timeout": str(SOCKET_TIMEOUT_SECONDS),
            "sentinel_password": secrets.sentinel_password,
            **tls_values(name, settings.tls),
        }
        resources = (*members.resources, *sentinels.resources)
        if settings.endpoint:
            assert proxy_image is not None, "a rule should have refused a stack without the proxy's image"
            write = write_endpoint(
                scope, name, settings, image=proxy_image, members=members, secrets=secrets, certificates=issued
            )
            values |= {"host": write.host, "port": "6379"}
            resources = (*resources, *write.resources)
            observed = replace(
                observed, targets=(*observed.targets, scraped(f"redis-{name}-rw", write, settings.members))
            )
        asking = scope.secret(f"{name}-client-sentinel", secrets.sentinel_password)

        def contract(word: str, login: Login, *, read: bool = True) -> ClientContract:
            told, held = values | {"user": login.user, "password": login.password}, {"sentinel_password": asking}
            if read:
                held["password"] = scope.secret(f"{word}-password", login.password)
            if settings.endpoint:
                told["url"] = filled(endpoint_url(settings.tls), told, settings.terms().facts)
                if read:
                    held["url"] = scope.secret(f"{word.removesuffix('-client')}-url", told["url"])
            return ClientContract(
                terms=settings.terms(),
                values=told,
                secrets=held,
                files={"ca_file": issued.ca} if issued else {},
                resources=resources,
            )

        self.own = {app: contract(f"{name}-{login.user}", login) for app, login in secrets.apps.items()}
        # Where each application has a login of its own, nobody mounts the secrets of this one.
        self.contract = contract(f"{name}-client", secrets.client, read=not self.own)
        self.observability = scope.observed(observed)
        self.register_outputs({"sentinels": values["sentinels"], **({"tls": True} if settings.tls else {})})
