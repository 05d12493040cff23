"""Whom a store lets in, and how one of a version without certificates changes to them while Patroni uses it."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from drills.waiting import wait_for
from tests.components.postgres_ha.etcd_members import COUNT, Store
from tests.components.postgres_ha.patroni_members import Patronis, require_patroni
from tests.live.require import require_programs

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
PLAIN_SECONDS = 60
LAST = 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    require_programs("etcd", "etcdctl", "curl", packages="Debian packages etcd-server, etcd-client, curl")
    store = Store(tmp_path)
    try:
        yield store
    finally:
        store.stop()


def test_who_has_no_certificate_of_the_store_is_not_let_in(store: Store) -> None:
    store.start_all()
    store.other_authority("other")
    wait_for("who has one is let in", lambda: store.lets_in(0, identity="client"), seconds=120)
    assert not store.lets_in(0, identity="other"), "of another stack with the same names"
    assert not store.lets_in(0)
    assert not store.lets_in(0, scheme="http")
    assert not store.lets_in(0, scheme="http", port=2382), "that is for members of an earlier version"
    assert not store.lets_in(0, scheme="http", port=2381), "that is for health and figures"
    for path in ("v2/keys/any", "v3/kv/range", "members"):
        keys = httpx.post(f"http://{store.address(0)}:2381/{path}", json={"key": "YW55"}, trust_env=False)
        assert keys.status_code == 404, f"{path}: {keys.text}"
    for identity, answers in (("identity", True), ("client", False), ("other", False)):
        asked = ["curl", "-fsS", "-m", "60", "--http1.1", "--cacert", store.pem("chain"), "--cert", store.pem(identity)]
        done = subprocess.run([*asked, f"{store.peer_url(0)}/members"], capture_output=True, check=False)
        assert (done.returncode == 0) is answers, f"peers alone talk to peers, not {identity}: {done.stderr!r}"


def plain(store: Store) -> None:
    """Three members of the version without certificates, with a value."""
    for ordinal in range(COUNT):
        store.start_without_certificates(ordinal)
    for ordinal in range(COUNT):
        wait_for(f"member {ordinal} answers", lambda n=ordinal: store.lets_in(n, scheme="http"), seconds=120)  # type: ignore[misc]
    store.put("kept", "value")
    for ordinal in range(COUNT):
        (store.volume(ordinal) / ".joined").touch()


def test_all_members_change_at_once(store: Store) -> None:
    """As when every container is stopped and started."""
    plain(store)
    store.stop()
    for ordinal in range(COUNT):
        store.start(ordinal)
    store.wait_ready(*range(COUNT))
    assert "value" in store.ask(LAST, "get", "kept")
    assert store.ask(0, "member", "list").count(", https://") == COUNT


def test_a_lost_volume_is_filled_by_members_that_have_not_changed(store: Store) -> None:
    plain(store)
    store.lose(LAST)
    store.start(LAST)
    store.wait_ready(LAST)
    assert "value" in store.ask(LAST, "get", "kept")
    assert "value" in store.ask(LAST, "get", "kept", "--consistency=s"), "of its own copy"


class Watch:
    """What Patroni's first member says of itself, all the time."""

    def __init__(self, url: str) -> None:
        self._url, self._stop = url, threading.Event()
        self.answers: list[int] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self.answers.append(httpx.get(self._url, timeout=60, trust_env=False).status_code)
            except httpx.HTTPError:
                self.answers.append(0)


def test_patroni_stays_primary_while_members_change_one_by_one(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    require_patroni("flock", packages="Debian package util-linux")
    plain(store)
    patronis = Patronis(tmp_path_factory.mktemp("patroni"), store, members=2)
    try:
        patronis.start(0, certificates=False)
        wait_for("member 0 leads", lambda: patronis.answers(0, "/primary"), seconds=120, every=0.2)
        patronis.start(1, certificates=False)
        wait_for("member 1 follows", lambda: patronis.answers(1, "/replica"), seconds=120, every=0.2)
        patronis.apply_settings()  # which makes the owner
        assert patronis.login(0, "app", "owner", "app", "CREATE TABLE kept AS SELECT 1 AS n") == ""
        watch = Watch(patronis.url(0, "/primary"))
        for ordinal in range(COUNT):
            store.kill(ordinal)
            store.start(ordinal, HA_PLAIN_SECONDS=str(PLAIN_SECONDS))
            store.wait_ready(ordinal)
        patronis.kill(1)
        patronis.start(1)
        wait_for("member 1 follows", lambda: patronis.answers(1, "/replica"), seconds=120, every=0.2)
        watch.stop()
        assert {*watch.answers} == {200}, "it led all the time"
        patronis.kill(0)
        patronis.start(0)
        wait_for("somebody leads", lambda: any(patronis.answers(n, "/primary") for n in (0, 1)), seconds=120, every=0.2)
        # What the platform does when a member ends after the time in which it takes clients without certificates.
        wait_for("it ends", lambda: store.has_ended(0), seconds=PLAIN_SECONDS + 120)
        store.start(0)
        store.wait_ready(0)
        assert not store.lets_in(0, scheme="http", port=2382)
        kept = "SELECT n FROM kept WHERE NOT pg_is_in_recovery()"
        wait_for(
            "the leader has what was written",
            lambda: "1" in [patronis.login(n, "app", "owner", "app", kept) for n in (0, 1)],
            seconds=120,
        )
    finally:
        patronis.stop()
