"""What a cluster promises."""

from collections.abc import Iterator

from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.timers import HEARTBEAT_SECONDS, NET_TICK_SECONDS
from guarantees.promise import Promise
from guarantees.quorum_queue import Cluster
from guarantees.surroundings import Surroundings
from guarantees.timer import Timer

SILENCE = Timer(
    name="silence",
    millis=max(2 * HEARTBEAT_SECONDS, NET_TICK_SECONDS + NET_TICK_SECONDS // 4) * 1000,
    source="a client misses two heartbeats; nodes count as parted after `net_ticktime` and a quarter",
)


def promises(settings: RabbitSettings, around: Surroundings) -> Iterator[Promise]:
    """Every fault."""
    yield from Cluster(
        members=settings.members,
        silence=SILENCE,
        restart=around.restart,
        start=around.start,
        look_up=around.look_up,
        together=around.together,
    ).promises()
