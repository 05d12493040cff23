"""Members of a real store whose volume was lost, or whose start was cut short."""

import os
import shutil
import time
from collections.abc import Iterator

import httpx
import pytest

from components.postgres_ha.store_alerts import StoreAlerts
from drills.waiting import wait_for
from tests.components.monitoring_stack.record import compared, page, version
from tests.components.postgres_ha.etcd_members import COUNT, Store
from tests.live import trixie
from tests.live.require import require_programs
from tests.promtool import metrics

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
LOST, OTHER = 1, 2


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three members that hold a value, by the program of the images; each test leaves them as healthy as it found
    them."""
    require_programs("etcdctl", packages="Debian package etcd-client")
    directory, programs = tmp_path_factory.mktemp("etcd"), tmp_path_factory.mktemp("programs")
    trixie.on_path(programs, "etcd", trixie.etcd())
    path = pytest.MonkeyPatch()
    path.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    store = Store(directory)
    try:
        store.start_all()
        store.ask(0, "put", "kept", "value")
        # A forced new cluster drops what the member does not know to be committed: the last entry of all.
        store.ask(0, "put", "later", "value")
        yield store
    finally:
        store.stop()
        path.undo()
        if os.environ.get("HA_KEEP") != "1":
            shutil.rmtree(directory)


@pytest.fixture
def store(running: Store) -> Store:
    """Three healthy members that hold a value."""
    running.wait_healthy(*range(COUNT))
    return running


def test_every_metric_of_a_rule_is_exported(store: Store) -> None:
    read = {name for rule in StoreAlerts(name="main", members=COUNT, store="x").rules() for name in metrics(rule.expr)}
    assert len(read) == 5
    for ordinal in range(COUNT):
        text = httpx.get(f"http://{store.address(ordinal)}:2381/metrics", trust_env=False).text
        exported = {line.partition("{")[0].partition(" ")[0] for line in text.splitlines()}
        assert read <= exported, f"nothing exports {read - exported} of member {ordinal}"
        assert "etcd_server_has_leader 1" in text.splitlines()


def test_what_members_say_of_themselves_is_as_recorded(store: Store) -> None:
    pages = [f"http://{store.address(ordinal)}:2381/metrics" for ordinal in range(COUNT)]
    compared("etcd", f"etcd {version(trixie.etcd())}", lambda: map(page, pages))


def joined(store: Store, *, since: float) -> None:
    """The lost member is one of three, and has what the others have."""
    store.wait_healthy(LOST)
    print(f"healthy after {time.monotonic() - since:.1f} s")
    assert "value" in store.ask(LOST, "get", "kept")
    wait_for("the member is ready", lambda: store.ready(LOST), seconds=120)
    wait_for("three members", lambda: len(store.ids()) == COUNT, seconds=120)


def test_a_lost_volume_is_filled_again_and_again(store: Store) -> None:
    """Twice: the second time the member is not the one that the stack's first start made."""
    first = store.ids()
    for _ in range(2):
        before = store.ids()
        store.lose(LOST)
        began = time.monotonic()
        store.start(LOST)
        joined(store, since=began)
        after = store.ids()
        assert after["main-etcd-1"] not in (before["main-etcd-1"], first["main-etcd-1"]), "it is a new member"
        assert {name: id for name, id in after.items() if name != "main-etcd-1"} == {
            name: id for name, id in first.items() if name != "main-etcd-1"
        }


@pytest.mark.parametrize("steps", ["remove", "remove and add"])
def test_a_start_that_was_killed_goes_on_where_it_was(store: Store, steps: str) -> None:
    old = store.ids()["main-etcd-1"]
    store.lose(LOST)
    wait_for("removed", lambda: store.ask(0, "member", "remove", old), seconds=120)
    if steps == "remove and add":
        peer = f"--peer-urls={store.peer_url(LOST)}"
        wait_for("added", lambda: store.ask(0, "member", "add", "main-etcd-1", peer), seconds=120)
    began = time.monotonic()
    store.start(LOST)
    joined(store, since=began)


def test_without_a_quorum_of_the_others_it_waits_and_changes_nothing(store: Store) -> None:
    before = store.ids()
    store.lose(LOST)
    store.kill(OTHER)
    store.start(LOST)
    wait_for("it knows that it must join again", (store.volume(LOST) / ".rejoining").exists, seconds=120)
    time.sleep(3)  # nothing happens: there is no event to wait for
    assert not store.has_ended(LOST)
    assert not (store.volume(LOST) / "etcd").exists(), "it did not start as who it was"
    assert not store.ready(LOST)
    began = time.monotonic()
    store.start(OTHER)
    joined(store, since=began)
    assert store.ids()["main-etcd-2"] == before["main-etcd-2"]


def test_a_restart_of_all_with_one_volume_lost(store: Store) -> None:
    """The one without data comes first, and none of the others answers yet."""
    for ordinal in range(COUNT):
        store.kill(ordinal)
    shutil.rmtree(store.volume(LOST))
    began = time.monotonic()
    store.start(LOST)
    for ordinal in (0, OTHER):
        store.start(ordinal)
    joined(store, since=began)


def test_two_lost_volumes_as_the_runbook_says(store: Store) -> None:
    """No quorum is left: the one with the data is made the whole cluster, and the others join it."""
    for ordinal in (LOST, OTHER):
        store.lose(ordinal)
        store.start(ordinal)
    (store.volume(0) / "force-new-cluster").touch()
    store.kill(0)
    began = time.monotonic()
    store.start(0)
    joined(store, since=began)
    store.wait_healthy(OTHER)
    assert "value" in store.ask(OTHER, "get", "kept")
    store.kill(0)
    store.start(0)
    store.wait_healthy(0)
    assert len(store.ids()) == COUNT, "the next start is as always"


def test_a_new_cluster_starts_one_after_the_other(store: Store) -> None:
    """As Swarm starts it: each is ready before the next comes."""
    store.stop()
    for ordinal in range(COUNT):
        shutil.rmtree(store.volume(ordinal))
    for ordinal in range(COUNT):
        store.start(ordinal)
        wait_for(f"member {ordinal} is ready", lambda n=ordinal: store.ready(n), seconds=120)  # type: ignore[misc]
    store.wait_healthy(*range(COUNT))
    assert "value" not in store.ask(0, "get", "kept"), "it is a new one"
