"""How a replication group is copied, and the server on which copies are tried."""

import pulumi

from components.contracts import BackupRepository
from components.copies.copier import Copied, copier, copier_word
from components.copies.settings import CopiesSettings
from components.observability import Observability
from components.redis_sentinel.acl import COPIES
from components.redis_sentinel.mounted import DIRECTORY, FILES
from components.redis_sentinel.secrets import RedisSecrets
from components.redis_sentinel.settings import RedisSettings
from components.redis_sentinel.tls import CA_FILE, IDENTITY_FILE, Certificates
from components.scope import Scope
from components.store_image import StoreImage
from components.templates import render
from model import Container, Endpoint, File, Image, Port, Probe, Probes, Resources, Rollout, TcpCheck, Tier, Workload
from model.units import MIB

FEED_PORT = 8012
_PLACE = "components/redis_sentinel/files"
_MODULES = tuple(f"{_PLACE}/{each}.py" for each in ("copies_source", "feed", "resp"))


def trial_word(name: str) -> str:
    """What the server on trial is called."""
    return f"{name}-copies-trial"


def trial_resources(settings: RedisSettings) -> Resources:
    """All data of a group that is full, and what the allocator and a value that is checked need beside it."""
    return Resources(
        cpu_request_millis=20,
        cpu_limit_millis=1000,
        memory_request_bytes=32 * MIB,
        memory_limit_bytes=settings.maxmemory * 3 // 2 + 64 * MIB,
    )


def copies(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    wanted: CopiesSettings,
    *,
    image: StoreImage,
    copier_image: Image,
    repository: BackupRepository,
    members: Endpoint,
    secrets: RedisSecrets,
    certificates: Certificates | None,
) -> Observability:
    """The copier and its server."""
    assert secrets.copies_password is not None, "the user is made where there are copies"
    below = scope.at("backups")
    password = below.password(trial_word(name))
    trial = _trial(below, name, settings, image=image, password=password, certificates=certificates)
    identities = {}
    if certificates:
        assert certificates.copies is not None, "it is made where there are copies"
        identities = {CA_FILE: certificates.ca, IDENTITY_FILE: certificates.copies}
    copied = Copied(
        kind="Redis",
        modules=_MODULES,
        told={
            "members": list(members.member_hosts),
            "user": COPIES,
            "trial": trial.host,
            "copier": scope.platform.host(copier_word(name)),
            "feed": FEED_PORT,
            "tls": certificates is not None,
        },
        secrets={"password": secrets.copies_password, "trial": password},
        identities=identities,
        ports=(Port(name="feed", number=FEED_PORT),),
        node_labels=settings.placement.labels,
        tolerations=settings.placement.tolerated,
        depends_on=(*members.resources, *trial.resources),
    )
    return copier(scope, name, wanted, copied, image=copier_image, repository=repository)


def _trial(
    scope: Scope,
    name: str,
    settings: RedisSettings,
    *,
    image: StoreImage,
    password: pulumi.Output[str],
    certificates: Certificates | None,
) -> Endpoint:
    """A server of the members' own image that keeps nothing: what it takes, they take."""
    word = trial_word(name)
    config = render(
        FILES,
        "trial.conf.j2",
        tls=certificates is not None,
        directory=DIRECTORY,
        identity_file=IDENTITY_FILE,
        ca_file=CA_FILE,
    )
    auth = scope.secret(f"{word}-auth", pulumi.Output.format("requirepass {0}\nmasterauth {0}\n", password))
    files = [
        File(path=f"{DIRECTORY}/trial.conf", source=scope.config_file(f"{word}-config", config)),
        File(path=f"{DIRECTORY}/auth.conf", source=auth),
    ]
    if certificates and certificates.copies:
        files += [
            File(path=f"{DIRECTORY}/{CA_FILE}", source=certificates.ca),
            File(path=f"{DIRECTORY}/{IDENTITY_FILE}", source=certificates.copies),
        ]
    return scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image.image,
                command=("redis-server",),
                args=(f"{DIRECTORY}/trial.conf",),
                files=tuple(files),
                resources=trial_resources(settings),
            ),
            replicas=1,
            ports=(Port(name="redis", number=6379),),
            probes=Probes(
                ready=Probe(check=TcpCheck(port=6379)),
                live=Probe(check=TcpCheck(port=6379), interval_seconds=10, timeout_seconds=5, failures=6),
                start_seconds=60,
            ),
            rollout=Rollout(order="stop-first"),
            node_labels=settings.placement.labels,
            tolerations=settings.placement.tolerated,
        )
    )
