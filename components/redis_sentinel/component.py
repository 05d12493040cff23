"""RedisSentinel: Redis members, as many Sentinels, and the contract that clients need to follow the master."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pulumi

from components.component import Component
from components.contracts import BackupRepository, ClientContract
from components.copies.copier import copier_word
from components.external import tls_values
from components.facts import filled
from components.kind import Clients
from components.observability import Observability
from components.redis_sentinel.acl import app_user
from components.redis_sentinel.contract import endpoint_url, sentinel_fact
from components.redis_sentinel.copies import copies, trial_word
from components.redis_sentinel.endpoint import endpoint_job, write_endpoint
from components.redis_sentinel.exporter import exporter
from components.redis_sentinel.group import ReplicationGroup
from components.redis_sentinel.mounted import DIRECTORY
from components.redis_sentinel.redis import redis
from components.redis_sentinel.retired import retired_users
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

    `proxy_image` is needed with `settings.endpoint`, `copier_image` and `repository` with `settings.backups`; `apps`
    are the applications that get users of their own; `origin` is where the settings stand. Outputs: `contract`
    (Sentinel addresses, master name, user, passwords, the plain address if there is one), `own` (the same for each of
    `apps`), `observability`, and `retire`, which ends a rotation of passwords where there is one.
    """

    contract: ClientContract
    own: Mapping[str, ClientContract]
    observability: Observability
    retire: Callable[[Clients], None] | None = None

    def __init__(
        self,
        name: str,
        settings: RedisSettings,
        *,
        platform: Platform,
        image: StoreImage,
        exporter_image: ExporterImage,
        proxy_image: Image | None = None,
        copier_image: Image | None = None,
        repository: BackupRepository | None = None,
        apps: tuple[str, ...] = (),
        origin: Origin | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ha-platform:data:RedisSentinel", name, opts, platform=platform)
        scope = Scope(platform=platform, origin=origin or Origin(key="caches", name=name), parent=self.place)
        users = image.data_dir if settings.rotate.former else DIRECTORY
        secrets = RedisSecrets.generated(scope, name, settings, users, apps)
        copying = [platform.host(word(name)) for word in (copier_word, trial_word)] if settings.backups else ()
        issued = certificates(scope, name, members=settings.members, copying=copying) if settings.tls else None
        group = ReplicationGroup(
            scope=scope, name=name, settings=settings, image=image, secrets=secrets, certificates=issued
        )
        members = redis(group)
        sentinels = sentinel(group, redis=members)
        observed = exporter(group, image=exporter_image, redis=members, sentinels=sentinels)
        sentinel_hosts = group.sentinel_hosts
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
            write = write_endpoint(group, image=proxy_image, members=members)
            values |= {"host": write.host, "port": "6379"}
            resources = (*resources, *write.resources)
            observed = replace(
                observed, targets=(*observed.targets, scraped(endpoint_job(name), write, settings.members))
            )
        parts = [observed]
        if settings.backups:
            assert copier_image is not None, "a rule should have refused a stack without the copier's image"
            assert repository is not None, "a rule should have refused a stack without the repository"
            parts.append(
                copies(
                    scope,
                    name,
                    settings,
                    settings.backups,
                    image=image,
                    copier_image=copier_image,
                    repository=repository,
                    members=members,
                    secrets=secrets,
                    certificates=issued,
                )
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

        self.own = {app: contract(f"{name}-{app_user(app)}", login) for app, login in secrets.apps.items()}
        # Where each application has a login of its own, nobody mounts the secrets of this one.
        self.contract = contract(f"{name}-client", secrets.client, read=not self.own)
        self.observability = scope.observed(*parts)
        if settings.rotate.former:
            self.retire = partial(retired_users, group, members=members)
        tls = {"tls": True} if settings.tls else {}
        counters = settings.rotate.output(scope.origin, *members.resources)
        self.register_outputs({"sentinels": values["sentinels"], **tls, **counters})
