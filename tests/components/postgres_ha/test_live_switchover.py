"""Planned changes of the primary, as a stopped member and `make switchover` make them, with the real servers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.components.postgres_ha.cluster import MAX_LAG, PROXY, READS, Database, Writer, asked
from tests.components.postgres_ha.members import COUNT
from tests.components.postgres_ha.patroni_members import GRACE_SECONDS, PASSWORDS, require_patroni
from tests.live.app.postgres_server import POSTGRES_BIN
from tests.stacks.fixtures import REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SCRIPT = REPOSITORY / "components/postgres_ha/files/switchover.py"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    require_patroni("etcd", "haproxy", "flock", packages="Debian packages etcd-server, haproxy, util-linux")
    one = Database(tmp_path_factory.mktemp("database"))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def switch(database: Database, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """The script as a person's command runs it: exit code, and what it says."""
    wanted = {
        "members": {f"main-pg-{ordinal}": database.patronis.address(ordinal) for ordinal in range(COUNT)},
        "psql": str(POSTGRES_BIN / "psql"),
    }
    (tmp_path / "wanted.json").write_text(json.dumps(wanted))
    (tmp_path / "passwords.json").write_text(json.dumps(PASSWORDS))

    def run(to: str = "") -> tuple[int, str]:
        files = (str(tmp_path / "wanted.json"), str(tmp_path / "passwords.json"))
        line = [sys.executable, "-c", SCRIPT.read_text(), *files, PROXY, to]
        done = subprocess.run(line, capture_output=True, text=True, timeout=600, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_primary_that_is_stopped_hands_over_to_who_was_changed(database: Database) -> None:
    """A rolling change of three: the primary goes to a member that has been changed, and does not move again."""
    leader = database.led_by()
    changed, other = (ordinal for ordinal in range(COUNT) if ordinal != leader)
    database.patronis.end(changed)
    database.patronis.start(changed)
    database.wait_whole()
    with Writer() as writer:
        took = database.patronis.end(leader)
        wait_for("the changed one leads", lambda: database.leader() == changed, seconds=120, every=0.2)
        writer.goes_on()
        database.patronis.start(leader)
        database.wait_whole()
        database.patronis.end(other)
        database.patronis.start(other)
        database.wait_whole()
    print(f"stopped in {took:.1f} s of {GRACE_SECONDS}, writes away for {writer.outage():.1f} s")
    assert database.led_by() == changed
    assert f"stop: handed over to main-pg-{changed}" in database.patronis.log(leader)
    assert "stop: it does not lead" in database.patronis.log(other)
    assert writer.rows() >= len(writer.acknowledged), "every acknowledged row is there"


@pytest.mark.slow
def test_a_rolling_change_moves_a_synchronous_primary_once(database: Database) -> None:
    """Also where the first to be changed is not synchronous when the primary is stopped: it becomes so first."""
    database.configure(synchronous_mode=True)
    database.wait_settled()
    before = database.timeline()
    leader = database.led_by()
    (synchronous,) = (ordinal for ordinal, role in database.roles().items() if role == "sync_standby")
    (other,) = (ordinal for ordinal, role in database.roles().items() if role == "replica")
    with Writer() as writer:
        for ordinal in (other, leader, synchronous):
            took = database.patronis.end(ordinal)
            database.patronis.start(ordinal)
            database.wait_whole(synchronous=True)
            writer.goes_on()
            print(f"member {ordinal} stopped in {took:.1f} s")
    print(f"timeline {before} -> {database.timeline()}, writes away for {writer.outage():.1f} s")
    assert database.led_by() == other
    assert database.timeline() == before + 1, "it moved once"
    assert f"stop: handed over to main-pg-{other}" in database.patronis.log(leader)
    assert database.configured().get("synchronous_node_count") is None, "as it was"
    assert writer.rows() >= len(writer.acknowledged), "every acknowledged row is there"


def test_a_person_changes_the_primary(database: Database, switch: Callable[..., tuple[int, str]]) -> None:
    database.configure(synchronous_mode=True)
    database.wait_whole(synchronous=True)
    leader = database.led_by()
    roles = database.roles()
    (synchronous,) = (ordinal for ordinal, role in roles.items() if role == "sync_standby")
    (other,) = (ordinal for ordinal, role in roles.items() if role == "replica")
    refused = f"main-pg-{other} cannot take over from main-pg-{leader}: who can: main-pg-{synchronous}"
    assert switch(f"main-pg-{other}") == (1, f"{refused}\n")
    assert switch(f"main-pg-{leader}") == (1, f"main-pg-{leader} is the primary already\n")
    assert switch("main-pg-7")[0] == 1
    assert database.led_by() == leader, "nothing changed"
    with Writer() as writer:
        code, said = switch()
        writer.goes_on()
    print(said, f"its writer: {writer.outage():.1f} s")
    assert code == 0, said
    assert f"main-pg-{synchronous} leads in place of main-pg-{leader}; writes were away for " in said
    assert database.led_by() == synchronous
    measured = float(said.split()[-2])
    assert 0.1 < measured / writer.outage() < 10, "what it measured is what a client sees, who asks as often"
    assert writer.rows() >= len(writer.acknowledged)


def test_reads_go_to_replicas_that_are_near(database: Database) -> None:
    """Replicas that stop replaying fall behind the primary, which serves until one has caught up."""
    database.wait_whole()
    leader = database.led_by()
    others = [ordinal for ordinal in range(COUNT) if ordinal != leader]
    replicas = [database.patronis.address(ordinal) for ordinal in others]
    wait_for("a replica serves", lambda: asked(READS, "SELECT pg_is_in_recovery()"), seconds=120, every=0.2)
    # Patroni resumes a replay that is paused by its function.
    replaying = [database.patronis.replaying(ordinal) for ordinal in others]
    for pid in replaying:
        os.kill(pid, signal.SIGSTOP)
    asked(PROXY, f"SELECT pg_logical_emit_message(false, '', repeat('x', {2 * MAX_LAG}))")
    wait_for("the primary serves", lambda: asked(READS, "SELECT pg_is_in_recovery()") is False, seconds=120, every=0.2)
    os.kill(replaying[0], signal.SIGCONT)
    wait_for("one serves again", lambda: asked(READS, "SELECT pg_is_in_recovery()"), seconds=120, every=0.2)
    assert asked(READS, "SELECT host(inet_server_addr())") == replicas[0], "not the one that is still behind"
    os.kill(replaying[1], signal.SIGCONT)
    assert asked(PROXY, "SELECT pg_is_in_recovery()") is False, "writes were never led away"


def test_who_has_no_replica_is_left_alone(database: Database, switch: Callable[..., tuple[int, str]]) -> None:
    """Nothing changes on a person's word, and a stop is not held up."""
    database.configure(synchronous_mode=False)
    database.wait_whole()
    leader = database.led_by()
    others = [ordinal for ordinal in range(COUNT) if ordinal != leader]
    for other in others:
        database.patronis.end(other)
    wait_for("they are known to be stopped", lambda: len(database.roles()) == 1, seconds=120, every=0.2)
    code, said = switch()
    assert code == 1
    assert said == f"nobody can take over from main-pg-{leader}: there is no replica that streams and has caught up\n"
    database.patronis.end(leader)
    # What has waited says so: `not handed over within`.
    assert "stop: no replica can take over" in database.patronis.log(leader)
