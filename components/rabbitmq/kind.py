"""RabbitMQ clusters as a kind of component."""

from collections.abc import Iterator
from typing import Any

from components.copies import needs
from components.copies.settings import CopiesSettings
from components.external_store import build_external, external_secrets, externals_are_encrypted
from components.kind import Build, Built, Gives, ImageNeed, Kind, Reference, SecretUse
from components.placement import KEYS
from components.rabbitmq.component import RabbitMQ
from components.rabbitmq.external import ExternalBroker
from components.rabbitmq.groups import groups
from components.rabbitmq.guarantees import promises
from components.rabbitmq.nodes import MANAGEMENT, nodes_word
from components.rabbitmq.settings import RabbitSettings


def _images(settings: RabbitSettings | ExternalBroker | None) -> Iterator[ImageNeed]:
    """A broken one may be outside the stack."""
    if not isinstance(settings, RabbitSettings):
        return
    yield ImageNeed(
        "rabbitmq",
        keeps_data=True,
        version=("rabbitmqctl", "version"),
        programs=(
            *("sh", "bash", "timeout", "getent", "rabbitmq-server", "rabbitmqctl"),
            *("rabbitmq-queues", "rabbitmq-upgrade"),
        ),
    )
    if settings.backups:
        yield needs.IMAGE
    if settings.rotate.former:
        yield ImageNeed("postgres", below="rotate", programs=("python3",))


def _copied(settings: RabbitSettings | ExternalBroker) -> CopiesSettings | None:
    return settings.backups if isinstance(settings, RabbitSettings) else None


def _uses(settings: RabbitSettings | ExternalBroker) -> Iterator[Reference]:
    yield from needs.uses(_copied(settings))


def _build(build: Build[RabbitSettings | ExternalBroker]) -> Built:
    settings = build.settings
    if isinstance(settings, ExternalBroker):
        return build_external(build)
    broker = RabbitMQ(
        build.name,
        settings,
        platform=build.platform,
        image=build.images.store("rabbitmq"),
        copier_image=build.images.of("postgres") if settings.backups else None,
        python_image=build.images.of("postgres") if settings.rotate.former else None,
        repository=build.built[settings.backups.repository].repository if settings.backups else None,
        apps=build.clients,
        given=build.values,
        origin=build.origin,
    )
    return Built(
        contract=broker.contract,
        own=broker.own,
        further=broker.further,
        observability=broker.observability,
        outputs=_page(build.name, settings),
        retire=broker.retire,
    )


def _page(name: str, settings: RabbitSettings) -> dict[str, Any] | None:
    """Where the management page is, for operators."""
    if settings.management is None:
        return None
    scheme = "https" if settings.tls else "http"
    return {"word": nodes_word(name), "port": MANAGEMENT, "published": settings.management.port, "scheme": scheme}


def _ports(settings: RabbitSettings | ExternalBroker) -> Iterator[tuple[str, int]]:
    if isinstance(settings, RabbitSettings) and settings.management:
        yield "management.port", settings.management.port


def _secrets(settings: RabbitSettings | ExternalBroker) -> Iterator[SecretUse]:
    if isinstance(settings, ExternalBroker):
        yield from external_secrets(settings)
        return
    for user, one in settings.users.items():
        if one.password:
            yield SecretUse(f"users.{user}.password", one.password)


BROKERS = Kind(
    key="brokers",
    build=_build,
    gives=frozenset({Gives.CONTRACT, Gives.ALERTS}),
    images=_images,
    uses=_uses,
    copied=_copied,
    ports=_ports,
    secrets=_secrets,
    advice=(lambda context: externals_are_encrypted(context, "brokers"),),
    further=lambda settings: settings.further_vhosts if isinstance(settings, RabbitSettings) else (),
    keeps=lambda settings: ("",) if isinstance(settings, RabbitSettings) else (),
    counters=lambda settings: settings.rotate.counters if isinstance(settings, RabbitSettings) else {},
    fixed=lambda settings: settings.fixed if isinstance(settings, RabbitSettings) else {},
    guarantees=lambda settings, around: promises(settings, around) if isinstance(settings, RabbitSettings) else (),
    groups=lambda part, around: (
        groups(part.name, part.settings, around) if isinstance(part.settings, RabbitSettings) else ()
    ),
    keys={"": KEYS | {"public_ports.management": "management.port"}} | needs.KEYS,
)
