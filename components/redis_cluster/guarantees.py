"""What a Redis cluster promises, from the timers that are rendered."""

from collections.abc import Iterator

from components.redis_cluster.groups import most_masters
from components.redis_cluster.settings import ClusterSettings
from components.redis_cluster.timers import SOCKET_TIMEOUT_SECONDS
from guarantees.promise import Promise
from guarantees.redis_cluster import Cluster
from guarantees.surroundings import Surroundings
from guarantees.timer import Timer


def promises(settings: ClusterSettings, around: Surroundings) -> Iterator[Promise]:
    """Every fault."""
    yield from Cluster(
        masters=settings.masters,
        leading=most_masters(settings, around),
        node_timeout=Timer(
            name="node_timeout",
            millis=settings.node_timeout,
            source="the setting `node_timeout`",
            setting="node_timeout",
        ),
        restart=around.restart,
        start=around.start,
        answer=Timer(
            name="client's wait", millis=SOCKET_TIMEOUT_SECONDS * 1000, source="`socket_timeout` of the contract"
        ),
        look_up=around.look_up,
        persisted=settings.persisted,
        stable=around.stable_addresses,
        together=around.together,
        spread=bool(settings.hosts or around.names),
    ).promises()
