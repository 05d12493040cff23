"""Application tiers as a kind of component."""

from collections.abc import Iterator

from components.app_tier import file_rules, rules, scaling_rules
from components.app_tier.celery.rules import RULES as CELERY_RULES
from components.app_tier.component import AppTier
from components.app_tier.contract import app_contract
from components.app_tier.drain import drain
from components.app_tier.groups import groups
from components.app_tier.pools import pools
from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import each_use
from components.app_tier.volumes import shared_uses
from components.contracts import Backend, in_role
from components.images import Images
from components.kind import Build, Built, Clients, Gives, ImageNeed, Kind, Reference, SecretUse
from model import HttpTool, Image


def _build(build: Build[AppTierSettings]) -> Built:
    settings = build.settings
    contracts = {}
    for name, use in each_use(settings.uses).items():
        contract = build.built[in_role(name, use.role)].contract_of(build.name)
        assert contract is not None, "a rule refuses what gives no contract"
        contracts[name] = contract
    tier = AppTier(
        build.name,
        settings,
        platform=build.platform,
        image=_image(build.images, settings),
        contracts=contracts,
        given=build.given,
        volumes={name: one.volume for name, one in build.built.items() if one.volume is not None},
        requests=tuple(one.requests[build.name] for one in build.built.values() if build.name in one.requests),
        origin=build.origin,
    )
    backend = None
    if settings.port is not None or settings.ports:
        backend = Backend(
            endpoint=tier.endpoint,
            port=settings.port,
            ports=settings.ports,
            health_path=settings.probes.health,
            health_port=settings.probed_port,
            health_host=settings.probes.host,
            max_replicas=tier.max_replicas,
        )
    return Built(
        contract=app_contract(build.name, settings, build.platform),
        backend=backend,
        observability=tier.observability,
        runs=Clients(resources=tier.resources, stop_seconds=settings.longest_request),
    )


def _images(settings: AppTierSettings | None) -> Iterator[ImageNeed]:
    """The scaler's, where the platform has none of its own: it needs Python, and this image has it everywhere."""
    if settings is not None and settings.scaling is not None:
        yield ImageNeed("postgres", below="scaling", programs=("python3",))


def _image(images: Images, settings: AppTierSettings) -> Image:
    """A pin by its name, or a reference with the identity that the tier's settings give."""
    return images.find(settings.image) or Image(
        ref=settings.image,
        uid=settings.identity.uid if settings.identity else 0,
        gid=settings.identity.gid if settings.identity else 0,
        http_tool=HttpTool(settings.http_tool),
    )


def _uses(settings: AppTierSettings) -> Iterator[Reference]:
    for name in settings.uses:
        yield Reference(f"uses.{name}", name, Gives.CONTRACT)
    for path, use in shared_uses(settings.shared_volumes).items():
        yield Reference(f"shared_volumes.{path}", use.volume, Gives.VOLUME)


def _secrets(settings: AppTierSettings) -> Iterator[SecretUse]:
    for file_name, name in settings.secrets.items():
        yield SecretUse(f"secrets.{file_name}", name, mounted=True)
    for variable, name in settings.secret_env.items():
        yield SecretUse(f"secret_env.{variable}", name, mounted=True)


_CONTAINER = {
    "name": "",
    "container.image": "image",
    "container.args": "args",
    "container.env": "env",
    "container.secret_env": "secret_env",
    "container.files": "secrets",
    "container.scratch": "writable_paths",
    "container.shared": "shared_volumes",
    "container.shm_bytes": "shm",
    "container.resources": "resources",
    "container.devices": "devices",
    "container.security.read_only_root": "security.read_only_root",
    "container.security.capabilities": "security.capabilities",
    "container.security.allow_root": "security.allow_root",
    "container.stop.grace_seconds": "longest_request",
    "outside": "uses",
    "priority": "priority",
    "account_annotations": "account_annotations",
}

APPS = Kind(
    key="apps",
    build=_build,
    gives=frozenset({Gives.BACKEND, Gives.CONTRACT, Gives.ALERTS}),
    promise=lambda part, platform: app_contract(part.name, part.settings, platform),
    images=_images,
    refs=lambda settings: (settings.image,),
    uses=_uses,
    groups=groups,
    drain=drain,
    pools=pools,
    follows=lambda settings: settings.scaling.said() if settings.scaling and settings.scaling.beyond_resources else "",
    secrets=_secrets,
    keeps=lambda settings: ("",) if settings.volumes else (),
    rules=(*rules.RULES, *file_rules.RULES, *CELERY_RULES, *scaling_rules.RULES),
    advice=rules.ADVICE,
    keys={
        "": {
            **_CONTAINER,
            "container.command": "command",
            "replicas": "replicas",
            "count": "replicas",
            "volume": "volumes",
            "hosts": "hosts",
            "abandon_data_on": "abandon_data_on",
            "scaling": "scaling",
            "scaling.min_replicas": "scaling.min",
            "scaling.max_replicas": "scaling.max",
            "scaling.cpu_percent": "scaling.cpu",
            "scaling.memory_percent": "scaling.memory",
            "scaling.metrics": "scaling.metrics",
            "scaling.windows": "scaling.schedules",
            "scaling.up": "scaling.up",
            "scaling.down": "scaling.down",
            "ports": "port",
            "probes": "probes",
            "rollout.parallelism": "rollout.parallelism",
            "rollout.order": "rollout.order",
            "rollout.stable_seconds": "rollout.stable",
            "rollout.deadline_seconds": "rollout.deadline",
            "spread": "spread",
            "prefer_spot": "prefer_spot",
            "node_labels": "placement.labels",
            "tolerations": "placement.tolerations",
        },
        "uses": {"uses": "uses"},
        "celery": {
            **_CONTAINER,
            "container.command": "celery",
            "node_labels": "placement.labels",
            "tolerations": "placement.tolerations",
        },
        "migrations": {
            **_CONTAINER,
            "container.command": "migrations.command",
            "retries": "migrations.retries",
            "deadline_seconds": "migrations.deadline",
        },
        "schedules.*": {
            **_CONTAINER,
            "name": "schedules.*",
            "container.command": "schedules.*.command",
            "container.resources": "schedules.*.resources",
            "at": "schedules.*.at",
            "zone": "schedules.*.time_zone",
            "deadline_seconds": "schedules.*.deadline",
            "start_within_seconds": "schedules.*.start_within",
            "history": "schedules.*.history",
            "hosts": "schedules.*.host",
            "node_labels": "placement.labels",
            "tolerations": "placement.tolerations",
        },
    },
)
