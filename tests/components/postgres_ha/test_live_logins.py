"""Who may log in where, on real members with the files that are rendered; and the orders of the settings job."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from drills.waiting import wait_for
from tests.components.postgres_ha.etcd_members import Store
from tests.components.postgres_ha.patroni_members import Patronis, require_patroni

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
ROLES = {"reader": {"grants": {"analytics": "read"}}}
REJECTED = "pg_hba.conf rejects connection"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patronis]:
    """Member 0 leads, member 1 follows, and the job was there."""
    require_patroni("etcd", "flock", packages="Debian packages etcd-server, util-linux")
    store = Store(tmp_path_factory.mktemp("etcd"))
    keys: dict[str, Any] = {"databases": {"analytics": {"extensions": ["citext"]}}, "roles": ROLES, "members": 2}
    patronis = Patronis(tmp_path_factory.mktemp("patroni"), store, **keys)
    try:
        store.start_all()
        patronis.start(0)
        wait_for("member 0 leads", lambda: patronis.answers(0, "/primary"), seconds=120, every=0.2)
        patronis.start(1)
        wait_for("member 1 follows", lambda: patronis.answers(1, "/replica"), seconds=120, every=0.2)
        patronis.said = patronis.apply_settings()
        yield patronis
    finally:
        patronis.stop()
        store.stop()


def test_the_job_orders_and_the_primary_does_it(cluster: Patronis) -> None:
    said = cluster.said
    for line in (
        "created role analytics",
        "created database analytics",
        "created extension citext",
        "created role reader",
    ):
        assert line in said, said
    assert "created" not in cluster.apply_settings(), "nothing is left to do"
    assert cluster.login(0, "reader", "role", "analytics") == "in"
    limit = "SHOW max_slot_wal_keep_size"
    for ordinal in (0, 1):
        wait_for(
            "a slot keeps a quarter of the volume at most",
            lambda at=ordinal: cluster.login(at, "ha_settings", "settings", "postgres", limit) == "125GB",  # type: ignore[misc]
            seconds=120,
            every=0.5,
        )
    kept = cluster.login(0, "ha_settings", "settings", "postgres", "SELECT count(wanted) FROM ha_platform.orders")
    assert kept == "0", "an order is kept no longer than it takes"
    for ordinal in (0, 1):
        assert cluster.login(ordinal, "postgres", "postgres", "postgres").startswith("psql: error"), ordinal


def test_the_job_refuses_another_database_before_it_changes_anything(cluster: Patronis) -> None:
    """Also one that is there: the store remembers which was the first."""
    before = httpx.get(cluster.url(0, "/config"), trust_env=False, timeout=60).json()
    assert before["ha-platform"]["database"] == "app"
    timers = before | {"ttl": 99, "ha-platform": {"database": "shop", "parameters": None}}
    for name, databases in (("shop", {"shop": "app"}), ("analytics", {"analytics": "analytics"})):
        done = cluster.settings_job(first=name, databases=databases, configuration=timers)
        assert done.returncode == 1
        told = f"databases.main.database: the data is in `app`, and does not move to `{name}`."
        assert told in done.stderr, done.stderr
    assert httpx.get(cluster.url(0, "/config"), trust_env=False, timeout=60).json() == before


def test_the_job_refuses_what_the_server_does_not_take_before_it_changes_anything(cluster: Patronis) -> None:
    """As where an image has another version than its pin says."""
    before = httpx.get(cluster.url(0, "/config"), trust_env=False, timeout=60).json()
    parameters = before["postgresql"]["parameters"] | {"io_method": "worker", "work_mem": 1, "jit": "on"}
    wanted = before | {"ttl": 99, "postgresql": before["postgresql"] | {"parameters": parameters}}
    wanted["ha-platform"] = {"database": "app", "parameters": ["io_method", "jit", "work_mem"]}
    done = cluster.settings_job(configuration=wanted)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "ha-platform:stack.databases.main.parameters.io_method: the image's server refuses it: unrecognized "
        'configuration parameter "io_method" in file "postgresql.conf" line 1',
        "ha-platform:stack.databases.main.parameters.work_mem: the image's server refuses it: 1 kB is outside the "
        'valid range for parameter "work_mem" (64 .. 2147483647)',
        "Nothing was changed. Write another value, or another image.",
    ]
    assert httpx.get(cluster.url(0, "/config"), trust_env=False, timeout=60).json() == before
    assert cluster.login(0, "app", "owner", "app") == "in"


@pytest.mark.parametrize(
    ("user", "password", "database"),
    [
        ("postgres", "postgres", "postgres"),
        ("postgres", "postgres", "app"),
        ("replicator", "replicator", "app"),
        ("rewind", "rewind", "app"),
        ("ha_settings", "settings", "app"),
        ("app", "owner", "postgres"),
        ("app", "owner", "template1"),
    ],
)
def test_nobody_logs_in_where_nothing_is_for_him(cluster: Patronis, user: str, password: str, database: str) -> None:
    for ordinal in (0, 1):
        assert REJECTED in cluster.login(ordinal, user, password, database)


def test_replication_verifies_whom_it_follows_from_the_start(cluster: Patronis) -> None:
    receiver = "SELECT conninfo FROM pg_stat_wal_receiver"
    wait_for(
        "replication verifies its primary, also where it has just begun anew",
        lambda: "sslmode=verify-full" in cluster.login(1, "ha_settings", "settings", "postgres", receiver),
        seconds=120,
    )
    assert "does not encrypt" not in cluster.log(1)
    more = {"replication": "true", "sslmode": "disable"}
    refused = cluster.login(0, "replicator", "replication", "postgres", "IDENTIFY_SYSTEM", **more)
    assert "no pg_hba.conf entry for replication" in refused


def test_clients_may_encrypt_and_need_not(cluster: Patronis) -> None:
    encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert cluster.login(0, "app", "owner", "app", encrypted) == "t", "libpq does by itself"
    assert cluster.login(0, "app", "owner", "app", encrypted, sslmode="disable") == "f"


def test_a_role_logs_in_to_its_own_databases_alone(cluster: Patronis) -> None:
    assert cluster.login(0, "app", "owner", "app") == "in"
    assert cluster.login(0, "analytics", "role", "analytics") == "in"
    assert "permission denied for database" in cluster.login(0, "app", "owner", "analytics")
    assert "permission denied for database" in cluster.login(0, "reader", "role", "app")
    assert "password authentication failed" in cluster.login(0, "app", "other", "app")


def test_the_job_s_role_may_do_nothing_but_order(cluster: Patronis) -> None:
    for sql in (
        "CREATE ROLE boss",
        "ALTER ROLE ha_settings SUPERUSER",
        "SELECT rolpassword FROM pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "UPDATE ha_platform.orders SET outcome = NULL",
        "DELETE FROM ha_platform.orders",
        "CREATE TABLE ha_platform.more (id int)",
    ):
        assert "ERROR" in cluster.login(0, "ha_settings", "settings", "postgres", sql), sql


def test_a_new_primary_takes_orders_too(cluster: Patronis) -> None:
    """Also from a job that could not log in before: the role is made again where it is not as it must be."""
    cluster.kill(0)
    wait_for("member 1 leads", lambda: cluster.answers(1, "/primary"), seconds=120, every=0.5)
    cluster.start(0)
    wait_for("member 0 follows", lambda: cluster.answers(0, "/replica"), seconds=120, every=0.5)
    assert "in force" in cluster.apply_settings()
    assert REJECTED in cluster.login(1, "postgres", "postgres", "postgres")


def test_a_rotation_by_the_jobs_that_are_rendered(cluster: Patronis) -> None:
    """The last one here: a counter never goes back. A client of a replica keeps the former password, too."""
    reads = ("reader", "role", "analytics")
    replica = next(ordinal for ordinal in (0, 1) if cluster.answers(ordinal, "/replica"))
    cluster.change(rotate={"passwords": 2})
    assert "created role reader_2, which logs in as reader" in cluster.apply_settings()
    for login in ("reader", "reader_2"):
        assert cluster.login(replica, login, "role", "analytics", "SELECT current_user") == "reader"
    with stays(cluster, replica, *reads):
        done = cluster.rotation_job(seconds=2, quiet=0)
        assert done.returncode == 1
        assert "connected: reader from " in done.stderr, done
    assert cluster.login(0, *reads) == "in"
    done = cluster.rotation_job(quiet=1)
    assert done.returncode == 0, done.stderr
    assert "role reader does not log in any more" in done.stdout
    assert "authentication failed" in cluster.login(0, *reads)
    assert cluster.login(0, "reader_2", "role", "analytics") == "in"
    assert "created" not in cluster.apply_settings()
    cluster.change(rotate={"passwords": 1})
    back = cluster.settings_job()
    assert back.returncode == 1
    assert "databases.main.rotate.passwords: is 1, and role" in back.stderr, back


@contextmanager
def stays(cluster: Patronis, ordinal: int, user: str, password: str, database: str) -> Iterator[None]:
    """While a client stays connected to a member."""
    there = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(80)%'"
    thread = threading.Thread(target=cluster.login, args=(ordinal, user, password, database, "SELECT pg_sleep(80)"))
    thread.start()
    admin = ("ha_settings", "settings", "postgres")
    try:
        wait_for("it is there", lambda: cluster.login(ordinal, *admin, there) == "1", seconds=120)
        yield
    finally:
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'"
        cluster.login(ordinal, user, password, database, end + " AND pid <> pg_backend_pid()")
        thread.join(90)
