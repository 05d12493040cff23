"""RabbitMQ clusters as a kind of component."""

from collections.abc import Iterator

from components.kind import Build, Built, Gives, ImageNeed, Kind
from components.placement import KEYS
from components.rabbitmq.component import RabbitMQ
from components.rabbitmq.groups import groups
from components.rabbitmq.guarantees import promises
from components.rabbitmq.settings import RabbitSettings


def _images(_: RabbitSettings | None) -> Iterator[ImageNeed]:
    yield ImageNeed(
        "rabbitmq",
        keeps_data=True,
        version=("rabbitmqctl", "version"),
        programs=(
            *("sh", "bash", "timeout", "rabbitmq-server", "rabbitmqctl"),
            *("rabbitmq-queues", "rabbitmq-upgrade"),
        ),
    )


def _build(build: Build[RabbitSettings]) -> Built:
    broker = RabbitMQ(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.store("rabbitmq"),
        apps=build.clients,
        origin=build.origin,
    )
    return Built(contract=broker.contract, own=broker.own, further=broker.further, observability=broker.observability)


BROKERS = Kind(
    key="brokers",
    build=_build,
    gives=frozenset({Gives.CONTRACT}),
    images=_images,
    further=lambda settings: settings.further_vhosts,
    keeps=lambda _: ("",),
    fixed=lambda settings: settings.fixed,
    guarantees=promises,
    groups=lambda part, around: groups(part.name, part.settings, around),
    keys={"": KEYS},
)
