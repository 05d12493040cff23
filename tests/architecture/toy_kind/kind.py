"""Toy queues as a kind of component."""

from components.kind import Build, Built, Gives, ImageNeed, Kind, SecretUse

from .component import ToyQueue
from .settings import QueueSettings


def _build(build: Build[QueueSettings]) -> Built:
    queue = ToyQueue(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.of("toy-queue"),
        login=build.values[build.settings.login],
    )
    return Built(contract=queue.contract, observability=queue.observability, outputs={"port": build.settings.port})


QUEUES = Kind(
    key="queues",
    build=_build,
    gives=frozenset({Gives.CONTRACT}),
    images=lambda _: (ImageNeed("toy-queue"),),
    ports=lambda settings: [("port", settings.port)],
    secrets=lambda settings: [SecretUse("login", settings.login)],
    keys={"": {"name": "", "public_ports.queue": "port"}},
)
