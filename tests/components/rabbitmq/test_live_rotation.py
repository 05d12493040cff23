"""A rotation of passwords in a real cluster: clients of both counters publish, and what is confirmed stays."""

from collections.abc import Iterator
from typing import Any

import pika.exceptions
import pytest

from drills.waiting import wait_for
from tests.components.rabbitmq.cluster import APP, COUNT, PASSWORD, Cluster
from tests.components.rabbitmq.confirming import Traffic

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]
SETTINGS: dict[str, Any] = {"members": COUNT, "vhosts": {"app": {"queues": {"tasks": {}}}, "further": {}}}
FORMER, NEW = (APP, PASSWORD), (f"{APP}.2", f"{PASSWORD}.2")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("rabbitmq"), SETTINGS)
    try:
        made.start()
        made.wait_ready()
        yield made
    finally:
        made.stop()


def replaced(cluster: Cluster, counter: int, *ordinals: int) -> None:
    """Nodes that start with this counter, one at a time; default: all."""
    cluster.change({**SETTINGS, "rotate": {"passwords": counter}})
    for ordinal in ordinals or range(COUNT):
        cluster.stop_one(ordinal)
        cluster.start(ordinal)
        cluster.wait_ready(ordinal)


def lets_in(cluster: Cluster, login: tuple[str, str]) -> list[bool]:
    """Whether each node does."""
    found = []
    for ordinal in range(COUNT):
        try:
            cluster.connect(ordinal, *login).close()
            found.append(True)
        except pika.exceptions.AMQPError:
            found.append(False)
    return found


def test_clients_of_both_counters_publish_until_the_former_user_is_taken_away(cluster: Cluster) -> None:
    with Traffic(cluster) as old:
        old.goes_on()
        replaced(cluster, 2)
        assert lets_in(cluster, FORMER) == lets_in(cluster, NEW) == [True] * COUNT
        done = cluster.retire(seconds=3, quiet=0)
        assert (done.returncode, "connected: ha_client from 127." in done.stderr) == (1, True), done
        old.end()  # the last one that had it is replaced
    assert not old.lost, f"of {len(old.confirmed)} confirmed messages"
    with Traffic(cluster, user=NEW[0], password=NEW[1]) as new:
        new.goes_on()
        cluster.kill(2)
        done = cluster.retire(seconds=30, quiet=0)
        assert (done.returncode, "2 of 3 nodes run" in done.stderr) == (1, True), done
        cluster.start(2)
        cluster.wait_ready(2)
        assert lets_in(cluster, FORMER) == [True] * COUNT, "nothing was taken away"
        new.goes_on()
        new.failed = 0
        done = cluster.retire(seconds=60, quiet=2)
        assert (done.returncode, "took ha_client away" in done.stdout) == (0, True), done
        assert lets_in(cluster, FORMER) == [False] * COUNT
        new.goes_on()
        assert new.failed == 0, "clients notice nothing of the end"
        new.end()
    assert not new.lost
    assert cluster.retire(seconds=60, quiet=0).returncode == 0, "and again"
    comes_back_to_nobody(cluster)
    refuses_other_counters(cluster)


def comes_back_to_nobody(cluster: Cluster) -> None:
    """In a node that starts again, and in one that has lost its volume."""
    replaced(cluster, 2, 0)
    cluster.kill(1)
    cluster.lose_volume(1)
    cluster.start(1)
    cluster.wait_ready(1)
    assert lets_in(cluster, FORMER) == [False] * COUNT
    assert lets_in(cluster, NEW) == [True] * COUNT


def refuses_other_counters(cluster: Cluster) -> None:
    """The first node that is replaced is not ready, and the others go on."""
    with_new = cluster.connect(1, *NEW)
    for counter, words in ((4, "rotate.passwords: is 4, and clients are connected as ha_client.2, of two before"),
                           (1, "rotate.passwords: is 1, and was 2 here: the counter never goes back")):  # fmt: skip
        cluster.change({**SETTINGS, "rotate": {"passwords": counter}})
        cluster.stop_one(0)
        cluster.start(0)
        wait_for("it says why", lambda said=words: said in _log(cluster), seconds=120)  # type: ignore[misc]
        assert not cluster.ready(0)
    with_new.close()
    assert lets_in(cluster, NEW)[1:] == [True, True]


def _log(cluster: Cluster) -> str:
    return cluster.log(0).read_text(errors="replace")
