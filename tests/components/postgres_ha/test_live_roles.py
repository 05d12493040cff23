"""Roles on a real PostgreSQL: what is rendered for a stack is applied, and each role may what its level says."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.postgres_ha.files.apply_settings import Member
from tests.live.app.postgres_server import POSTGRES_BIN, Postgres
from tests.rendered.programs import POSTGRES, program
from tests.rendered.texts import PLATFORMS, accepted, text

pytestmark = pytest.mark.live

ROLES: dict[str, Any] = {
    "reader": {"grants": {"app": "read"}},
    "writer": {"grants": {"app": "write", "analytics": "read"}},
    "admin": {"member_of": ["admins"]},
    "admins": {"login": False, "grants": {"app": "owner"}},
    "select": {},
}
"""The last one is a word of SQL, and may nothing."""
DENIED = "permission denied"


class Cluster:
    """A server, and the job's part that keeps roles, with the files that the stack renders."""

    def __init__(self, server: Postgres, place: Path) -> None:
        self._server, self._place = server, place
        self._passwords = {"superuser": server.password}
        self.leader = Member("main-pg-0", "127.0.0.1", str(POSTGRES_BIN / "psql"), self._passwords)

    def applied(self, roles: dict[str, Any]) -> list[str]:
        """What the job changed."""
        database = {"members": 1, "databases": {"analytics": {}}, "roles": roles}
        found = accepted({"platform": PLATFORMS["swarm"], "databases": {"main": database}}, secrets={})
        for name in ("databases", "roles", "roles-wanted"):
            file = {"databases": "apply_databases.py", "roles": "apply_roles.py", "roles-wanted": "roles.json"}[name]
            (self._place / file).write_text(text(found, f"main-pg-settings-{name}"))
        wanted = json.loads(text(found, "main-pg-settings-wanted"))
        passwords = json.loads(json.loads(text(found, "main-pg-settings-passwords"))["roles"])
        self._passwords |= {name: f"of-{name}" for name in passwords}
        script = importlib.import_module("apply_databases")
        inside = {key: wanted[key] for key in ("databases", "extensions") if key in wanted}
        done: list[str] = script.create(self.leader, inside, {name: f"of-{name}" for name in passwords})
        return done

    def as_role(self, role: str, sql: str, database: str = "app") -> str:
        """What the statement answers, or the reason why it does not."""
        done = subprocess.run(
            [
                str(POSTGRES_BIN / "psql"),
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                role,
                "-d",
                database,
            ],
            input=sql,
            env=os.environ | {"PGPASSWORD": self._passwords.get(role, f"of-{role}")},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return (done.stdout or done.stderr).strip()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    program(POSTGRES, "postgresql-15")
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        shutil.chown(place, "postgres")
        server = Postgres(Path(place))
        server.start()
        patch.setenv("PGPORT", str(server.port))
        scripts = Path(place, "scripts")
        scripts.mkdir()
        patch.syspath_prepend(str(scripts))
        with server.session() as run:
            run(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{server.password}'")
            run("CREATE ROLE app LOGIN PASSWORD 'of-app'")
            run("CREATE DATABASE app OWNER app")
        try:
            yield Cluster(server, scripts)
        finally:
            server.crash()
            for name in ("apply_databases", "apply_roles"):
                sys.modules.pop(name, None)


def test_each_role_may_what_its_level_says_also_in_what_comes_later(cluster: Cluster) -> None:
    before = "CREATE TABLE old (id serial, note text); INSERT INTO old (note) VALUES ('first')"
    assert cluster.as_role("app", before) == ""
    done = cluster.applied(ROLES)
    assert "role reader may read in database app" in done
    assert cluster.applied(ROLES) == [], "what is there is left alone"
    later = (
        "CREATE SCHEMA more; CREATE TABLE more.new (id serial, note text); CREATE VIEW more.seen AS SELECT * FROM old"
    )
    assert cluster.as_role("app", later) == ""

    for table in ("old", "more.new"):
        assert cluster.as_role("reader", f"SELECT count(*) FROM {table}") in ("0", "1")
        assert DENIED in cluster.as_role("reader", f"INSERT INTO {table} (note) VALUES ('no')")
        assert cluster.as_role("writer", f"INSERT INTO {table} (note) VALUES ('w') RETURNING note") == "w"
        assert cluster.as_role("writer", f"UPDATE {table} SET note = 'v' WHERE note = 'w' RETURNING note") == "v"
        assert cluster.as_role("writer", f"DELETE FROM {table} WHERE note = 'v' RETURNING note") == "v"
        for role in ("reader", "writer"):
            assert "must be owner" in cluster.as_role(role, f"DROP TABLE {table}")
        assert DENIED in cluster.as_role("select", f"SELECT * FROM {table}")
    assert cluster.as_role("reader", "SELECT note FROM more.seen") == "first"
    for role in ("reader", "writer"):
        assert DENIED in cluster.as_role(role, "CREATE TABLE mine (id int)")
        assert DENIED in cluster.as_role(role, "CREATE SCHEMA mine")
    assert cluster.applied(ROLES) == [], "nor is there anything to do for what came later"


def test_a_role_reaches_the_databases_of_its_grants(cluster: Cluster) -> None:
    assert cluster.as_role("analytics", "CREATE TABLE facts AS SELECT 7 AS n", "analytics") == ""
    assert cluster.as_role("writer", "SELECT n FROM facts", "analytics") == "7"
    assert DENIED in cluster.as_role("writer", "INSERT INTO facts VALUES (8)", "analytics")
    for role in ("reader", "admin", "select"):
        assert f"{DENIED} for database" in cluster.as_role(role, "SELECT 1", "analytics")


def test_what_an_owner_s_deputy_makes_belongs_to_the_owner(cluster: Cluster) -> None:
    assert cluster.as_role("admin", "CREATE TABLE made (id int); ALTER TABLE old ADD COLUMN more int") == ""
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'made'"
    assert cluster.as_role("reader", owner) == "app"
    assert cluster.as_role("reader", "SELECT count(*) FROM made") == "0"
    assert "authentication failed" in cluster.as_role("admins", "SELECT 1"), "a group has no password"


def test_what_is_taken_from_the_file_is_taken_from_the_role(cluster: Cluster) -> None:
    less = {**ROLES, "writer": {"grants": {"app": "read"}}, "admins": {"login": False, "grants": {"app": "read"}}}
    done = cluster.applied(less)
    assert {"role writer may read in database app", "role writer may nothing by itself in database analytics"} <= {
        *done
    }
    assert DENIED in cluster.as_role("writer", "INSERT INTO old (note) VALUES ('no')")
    assert "first" in cluster.as_role("writer", "SELECT note FROM old")
    assert f"{DENIED} for database" in cluster.as_role("writer", "SELECT 1", "analytics")
    assert cluster.as_role("app", "CREATE TABLE later (id int)") == ""
    assert DENIED in cluster.as_role("writer", "INSERT INTO later VALUES (1)")
    assert "must be owner" in cluster.as_role("admin", "ALTER TABLE old ADD COLUMN no int")
    assert cluster.as_role("admin", "SELECT current_user, count(*) FROM later") == "admin|0", "by its group"
    assert cluster.applied(less) == []


def test_what_a_person_gave_stays(cluster: Cluster) -> None:
    assert cluster.as_role("app", "GRANT TRUNCATE ON old TO reader") == ""
    cluster.applied(ROLES)
    assert cluster.applied(ROLES) == []
    assert cluster.as_role("reader", "BEGIN; TRUNCATE old; ROLLBACK") == ""


def test_what_was_lost_is_given_again(cluster: Cluster) -> None:
    assert cluster.as_role("app", "REVOKE SELECT ON old FROM reader") == ""
    assert cluster.applied(ROLES) == ["role reader may read in database app"]
    assert "first" in cluster.as_role("reader", "SELECT note FROM old")


def test_a_role_that_leaves_the_file_cannot_log_in_and_may_nothing(cluster: Cluster) -> None:
    assert "role reader is not wanted: it cannot log in any more" in cluster.applied({"writer": ROLES["writer"]})
    assert "not permitted to log in" in cluster.as_role("reader", "SELECT 1")
    assert "role writer is not wanted: it cannot log in any more" in cluster.applied({})
    assert cluster.applied({}) == []
    assert cluster.as_role("app", "SELECT count(*) FROM old") == "1", "the owner is nobody's business"
    assert "role reader: LOGIN" in cluster.applied(ROLES), "and comes back"
    assert "first" in cluster.as_role("reader", "SELECT note FROM old")


def test_a_superuser_of_that_name_is_refused(cluster: Cluster) -> None:
    cluster.leader.refused("CREATE ROLE boss SUPERUSER", database="postgres")
    with pytest.raises(ValueError, match="role boss is a superuser"):
        cluster.applied({**ROLES, "boss": {}})


def test_a_database_with_another_owner_is_refused(cluster: Cluster) -> None:
    cluster.leader.refused('ALTER DATABASE "app" OWNER TO postgres', database="postgres")
    with pytest.raises(ValueError, match="database app belongs to the role postgres, not to app"):
        cluster.applied(ROLES)
    cluster.leader.refused('ALTER DATABASE "app" OWNER TO app', database="postgres")
