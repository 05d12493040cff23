"""Backups, the archive and restores of a database of three members, with the real servers and a real S3 server."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from drills.waiting import wait_for
from tests.components.monitoring_stack.record import compared
from tests.components.postgres_ha.backed_up import DRILL, Site
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import require_patroni

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

_VERIFIED = 'ha_backup_last_verified_timestamp_seconds{repository="offsite"}'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    require_patroni("etcd", "flock", "pgbackrest", packages="Debian packages etcd-server, util-linux, pgbackrest")
    one = Site(tmp_path_factory.mktemp("backups"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


def test_the_first_backup_is_due_at_once(site: Site) -> None:
    leader = site.led_by()
    wait_for("a backup", lambda: site.members.backups(leader)["backups"], seconds=120, every=0.5)
    (backup,) = site.members.backups(leader)["backups"]
    assert (backup["kind"], backup["repository"]) == ("full", "offsite")
    metrics = site.members.metrics(leader)
    assert metrics['ha_backup_overdue_seconds{repository="offsite"}'] == 0
    assert metrics['ha_backup_repository_up{repository="offsite"}'] == 1
    assert metrics["ha_backup_primary"] == 1
    assert site.members.metrics((leader + 1) % COUNT) == {"ha_backup_primary": 0}


def test_a_backup_is_restored_for_a_trial(site: Site) -> None:
    leader = site.led_by()
    assert site.members.metrics(leader)[_VERIFIED] == 0
    began = time.time()
    site.members.start_drills()
    wait_for("a verified backup", lambda: site.members.metrics(leader)[_VERIFIED] > began, seconds=120, every=0.3)
    (backup,) = site.members.backups(leader)["backups"]
    print(f"{time.time() - began:.1f} s: {site.members.drill_log()}")
    metrics = site.members.metrics(leader)
    assert (backup["verified"], backup["failed"]) == (metrics[_VERIFIED], "")
    assert metrics['ha_backup_verify_overdue_seconds{repository="offsite"}'] == 0
    assert metrics['ha_backup_restore_bytes{repository="offsite"}'] == backup["size"]
    compared("backups", "our agent", lambda: [site.members.page(leader)])
    site.members.kill(DRILL)
    assert not site.members.volume(DRILL, "pgdata").exists(), "nothing is kept of what was restored"
    assert site.led_by() == leader


def test_a_person_takes_one_and_is_refused_what_cannot_be(site: Site) -> None:
    code, said = site.members.order("take", "incremental")
    print(said)
    assert code == 0, said
    leader = site.led_by()
    assert [one["kind"] for one in site.members.backups(leader)["backups"]] == ["full", "incremental"]
    for to, why in {
        "": "TO is missing",
        "1999-01-01": "is outside the archive",
        "20260101-000000F": "is none of",
    }.items():
        code, said = site.members.order("restore", to, "", "overwrite")
        assert code == 1
        assert why in said
        assert "there is every moment from " in said, "what can be restored is offered"
    code, said = site.members.order("restore", "latest", "", "")
    assert (code, "OVERWRITE" in said) == (1, True)
    assert site.led_by() == leader, "nothing was stopped"


def _is_true(asked: Callable[[], str]) -> bool:
    return asked() == "t"


def test_a_dump_of_a_replica_is_restored_into_another_database(site: Site) -> None:
    leader = site.led_by()
    site.sql("CREATE TABLE parts AS SELECT id, repeat('x', 100) AS text FROM generate_series(1, 20000) AS id")
    where = site.sql("SELECT pg_current_wal_lsn()")
    for ordinal in (one for one in range(COUNT) if one != leader):
        caught_up = partial(site.members.as_superuser, ordinal, f"SELECT pg_last_wal_replay_lsn() >= '{where}'")
        wait_for("it replays", partial(_is_true, caught_up), seconds=120)
    code, said = site.members.dump("take")
    print(said)
    assert code == 0, said
    assert f"from main-pg-{leader}" not in said, "the primary has other work"
    (dump,) = dumps(site)
    assert dump["files"]["app"]["bytes"] > 1000
    folder = f"prod/dumps/main/{dump['label']}"
    assert sorted(site.server.names(folder)) == ["app.dump", "done.json", "globals.sql"]
    assert site.server.content(f"{folder}/app.dump").startswith(b"Salted__"), "encrypted, as everything there"
    assert site.members.as_superuser(leader, "CREATE DATABASE more OWNER app") == ""
    both = {"databases": {"app": "app", "more": "app"}}
    try:
        code, said = site.members.dump("restore", dump["label"], "app", "more", **both)
        assert (code, said.strip().splitlines()[-1]) == (0, f"app of {dump['label']} is restored into more")
        assert site.members.login(leader, "app", "owner", "more", "SELECT count(*) FROM parts") == "20000"
        code, said = site.members.dump("restore", "latest", "app", "more", **both)
        assert (code, "more has tables already" in said) == (1, True)
    finally:
        site.members.as_superuser(leader, "DROP DATABASE more WITH (FORCE)")


def test_a_dump_that_fails_takes_the_place_of_none(site: Site) -> None:
    (before,) = dumps(site)
    code, said = site.members.dump("take", databases={"app": "app", "gone": "app"}, keep=1)
    assert code == 1
    assert "pg_dump: error: connection to server at" in said
    assert '"gone" does not exist' in said
    assert [one["label"] for one in dumps(site)] == [before["label"]]
    time.sleep(1.1)  # labels are of seconds
    code, said = site.members.dump("take", keep=1)
    assert code == 0, said
    (after,) = dumps(site)
    assert after["label"] > before["label"]
    for label in site.server.names("prod/dumps/main"):  # this server keeps a directory without files
        assert bool(site.server.names(f"prod/dumps/main/{label}")) == (label == after["label"]), "others went"


def test_a_dump_that_was_spoiled_is_no_dump(site: Site) -> None:
    (dump,) = dumps(site)
    site.server.spoil(f"prod/dumps/main/{dump['label']}")
    assert dumps(site) == []
    code, said = site.members.dump("restore", dump["label"], "app", "app")
    assert (code, "is in no complete dump" in said) == (1, True)


def dumps(site: Site) -> list[dict[str, Any]]:
    """Those that are complete."""
    code, said = site.members.dump("list")
    assert code == 0, said
    found: list[dict[str, Any]] = json.loads(said.strip().splitlines()[-1])["dumps"]
    return found


def test_a_bad_delete_is_undone_to_the_second_before(site: Site) -> None:
    site.sql("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
    time.sleep(1.1)  # what is restored is said in seconds
    moment = site.sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')")
    time.sleep(1.1)
    site.sql("DELETE FROM orders WHERE id > 3")
    assert site.sql("SELECT count(*) FROM orders") == "3"
    began = time.monotonic()
    code, said = site.members.order("restore", moment, "", "overwrite")
    print(f"{time.monotonic() - began:.1f} s: {said}")
    assert code == 0, said
    assert site.sql("SELECT count(*) FROM orders") == "1000"
    site.wait_whole()
    for ordinal in range(COUNT):
        assert site.members.login(ordinal, "app", "owner", "app", "SELECT count(*) FROM orders") == "1000"
    leader = site.led_by()
    wait_for(
        "a full backup of the new timeline", lambda: _kinds(site, leader).count("full") == 2, seconds=120, every=0.5
    )
    undo = said.rpartition("TO='")[2].partition("' TIMELINE=")
    code, said = site.members.order("restore", undo[0], undo[2].strip(), "overwrite")
    assert code == 0, said
    assert site.sql("SELECT count(*) FROM orders") == "3", "a restore can be undone"
    site.wait_whole()


def test_a_backup_with_a_broken_file_is_found_and_the_older_one_is_taken(site: Site) -> None:
    leader = site.led_by()
    wait_for("a third full backup", lambda: _kinds(site, leader).count("full") == 3, seconds=120, every=0.5)
    broken = site.members.backups(leader)["backups"][-1]["label"]
    site.server.spoil(f"prod/backup/main/{broken}/bundle")
    began = time.time()
    site.members.start_drills()
    wait_for(
        "an older one is verified", lambda: site.members.metrics(leader)[_VERIFIED] > began, seconds=120, every=0.3
    )
    site.members.kill(DRILL)
    print(f"{time.time() - began:.1f} s: {site.members.drill_log()}")
    found = {one["label"]: one for one in site.members.backups(leader)["backups"]}
    assert found[broken]["failed"]
    assert found[broken]["broken"]
    (older,) = (label for label, one in found.items() if one["verified"] > began)
    assert older < broken
    assert site.members.metrics(leader)['ha_backup_verify_failed{repository="offsite"}'] == 1
    code, said = site.members.order("restore", broken, "", "overwrite")
    print(said)
    assert code == 1
    assert found[broken]["failed"] in said
    assert f"{older} (verified)" in said
    assert f"{broken}," not in said.partition("the backups")[2]


def test_a_repository_that_is_away_holds_nobody(site: Site) -> None:
    leader = site.led_by()
    site.server.kill()
    took, end = [], time.monotonic() + 6
    while time.monotonic() < end:
        began = time.monotonic()
        assert site.sql("INSERT INTO orders VALUES (0) RETURNING id") == "0"
        took.append(time.monotonic() - began)
    switched = site.members.as_superuser(leader, "SELECT pg_switch_wal()")
    print(f"{len(took)} writes, the slowest took {max(took):.2f} s; {switched}")
    waiting = "ha_backup_log_waiting_bytes"
    wait_for("the log waits", lambda: site.members.metrics(leader)[waiting] > 0, seconds=120, every=0.5)
    site.server.start()
    wait_for("it is archived", lambda: site.members.metrics(leader)[waiting] == 0, seconds=120, every=0.5)


def test_a_cluster_without_any_data_begins_with_its_backups(site: Site) -> None:
    site.sql("CREATE TABLE last AS SELECT 42 AS id")
    leader = site.led_by()
    name = site.members.as_superuser(leader, "SELECT pg_walfile_name(pg_switch_wal())")
    archived = "SELECT last_archived_wal >= '{}' FROM pg_stat_archiver"
    wait_for(
        "it is archived",
        lambda: site.members.as_superuser(leader, archived.format(name)) == "t",
        seconds=120,
        every=0.5,
    )
    began = time.monotonic()
    site.lose_everything()
    print(f"led again after {time.monotonic() - began:.1f} s")
    assert site.sql("SELECT id FROM last") == "42"


def _kinds(site: Site, ordinal: int) -> list[str]:
    return [one["kind"] for one in site.members.backups(ordinal)["backups"]]
