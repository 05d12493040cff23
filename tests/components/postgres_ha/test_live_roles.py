"""Roles on a real PostgreSQL: what is rendered for a stack is applied, and each role may what its level says."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components.postgres_ha.roles_server import Cluster
from tests.live.app.postgres_server import running

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


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running() as server:
        with server.session() as run:
            run(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{server.password}'")
            run("CREATE ROLE app LOGIN PASSWORD 'of-app'")
            run("CREATE DATABASE app OWNER app")
            run("REVOKE CONNECT ON DATABASE app FROM PUBLIC")
        cluster = Cluster(server)
        # Tests of one module may run on several workers: each finds this.
        before = "CREATE TABLE old (id serial, note text); INSERT INTO old (note) VALUES ('first')"
        assert cluster.as_role("app", before) == ""
        assert "role reader may read in database app" in cluster.applied(ROLES)
        later = "CREATE SCHEMA more CREATE TABLE new (id serial, note text)"
        assert cluster.as_role("app", f"{later}; CREATE VIEW more.seen AS SELECT * FROM old") == ""
        yield cluster


def test_each_role_may_what_its_level_says_also_in_what_comes_later(cluster: Cluster) -> None:
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
    assert "password of role reader" in cluster.applied(ROLES), "and comes back"
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


def test_a_role_that_becomes_an_owner_is_let_go(cluster: Cluster) -> None:
    both: dict[str, Any] = {"analytics": {}, "ledger": {}}
    cluster.applied({"ledger": {"grants": {"app": "owner", "analytics": "read"}}})
    done = cluster.applied({"reader": {"grants": {"ledger": "read"}}}, databases=both)
    assert "role ledger is an owner now" in done
    assert not [what for what in done if "ledger is not wanted" in what]
    assert cluster.as_role("ledger", "CREATE TABLE book AS SELECT 1 AS n; SELECT current_user", "ledger") == "ledger"
    assert cluster.as_role("reader", "SELECT n FROM book", "ledger") == "1"
    assert "permission denied to set role" in cluster.as_role("ledger", "SET ROLE app", "ledger")
    assert f"{DENIED} for database" in cluster.as_role("ledger", "SELECT 1", "analytics")
    assert cluster.applied({"reader": {"grants": {"ledger": "read"}}}, databases=both) == []
    cluster.leader.refused("ALTER ROLE ledger NOLOGIN", database="postgres")
    assert cluster.applied({}, databases=both)[0] == "password of role ledger", "an owner logs in"


def test_what_leaves_the_file_may_nothing(cluster: Cluster) -> None:
    """Also what somebody is a member of through it, and in a database that left with it."""
    roles = {
        "deploy": {"grants": {"app": "owner", "analytics": "owner"}},
        "admins": {"login": False, "grants": {"app": "owner"}},
        "reader": {"grants": {"analytics": "read"}},
    }
    cluster.applied(roles)
    assert cluster.as_role("analytics", "CREATE TABLE left_over AS SELECT 1 AS n", "analytics") == ""
    cluster.leader.refused("CREATE ROLE bob LOGIN PASSWORD 'of-bob'; GRANT admins TO bob", database="postgres")
    assert cluster.as_role("bob", "SET ROLE app; SELECT current_user") == "app"
    cluster.applied({"deploy": {}, "reader": {}}, databases={})
    assert "permission denied to set role" in cluster.as_role("bob", "SET ROLE app", "postgres")
    for role in ("reader", "deploy"):
        assert f"{DENIED} for database" in cluster.as_role(role, "SELECT n FROM left_over", "analytics")
    assert "permission denied to set role" in cluster.as_role("deploy", "SET ROLE analytics", "postgres")
    assert cluster.applied({"deploy": {}, "reader": {}}, databases={}) == []
    cluster.leader.refused("DROP ROLE bob", database="postgres")


def test_what_a_role_gave_on_is_taken_too(cluster: Cluster) -> None:
    levels = {"reader": {"grants": {"app": "read"}}, "writer": {"grants": {"app": "write"}}}
    cluster.applied(levels)
    assert cluster.as_role("app", "CREATE TABLE lent (n int); GRANT INSERT ON lent TO writer WITH GRANT OPTION") == ""
    assert cluster.as_role("writer", "GRANT INSERT ON lent TO reader") == ""
    assert cluster.applied(levels) == ["role reader may read in database app"]
    assert DENIED in cluster.as_role("reader", "INSERT INTO lent VALUES (1)")
    assert cluster.as_role("writer", "GRANT INSERT ON lent TO reader; INSERT INTO lent VALUES (1)") == ""
    less = levels | {"writer": {"grants": {"app": "read"}}}
    cluster.applied(less)
    for role in levels:
        assert DENIED in cluster.as_role(role, "INSERT INTO lent VALUES (1)")
        assert cluster.as_role(role, "SELECT n FROM lent") == "1"
    assert cluster.applied(less) == []


def test_a_right_that_cannot_be_taken_is_said(cluster: Cluster) -> None:
    levels = {"reader": {"grants": {"app": "read"}}}
    cluster.applied(levels)
    cluster.leader.refused("CREATE ROLE bob LOGIN PASSWORD 'of-bob'", database="postgres")
    given = (
        "CONNECT ON DATABASE app TO bob",
        "USAGE ON SCHEMA more TO bob",
        "INSERT ON more.new TO bob WITH GRANT OPTION",
    )
    assert cluster.as_role("app", "; ".join(f"GRANT {one}" for one in given)) == ""
    assert cluster.as_role("bob", "GRANT INSERT ON more.new TO reader") == ""
    assert cluster.as_role("app", "REVOKE USAGE ON SCHEMA more FROM bob") == ""
    with pytest.raises(ValueError, match="role reader has what role bob granted it in database app: revoke it"):
        cluster.applied(levels)
    assert cluster.as_role("app", "GRANT USAGE ON SCHEMA more TO bob") == ""
    assert cluster.applied(levels) == ["role reader may read in database app"]
    cluster.leader.refused("DROP OWNED BY bob; DROP ROLE bob", database="app")


def test_nobody_is_given_what_the_owner_itself_has_not(cluster: Cluster) -> None:
    made = "CREATE SCHEMA audit CREATE TABLE log AS SELECT 1 AS n; CREATE TABLE public.kept AS SELECT 1 AS n"
    assert cluster.leader.refused(made.replace(" CREATE TABLE log", "; CREATE TABLE audit.log"), database="app") == ""
    levels = {"writer": {"grants": {"app": "write"}}}
    cluster.applied(levels)
    for table in ("audit.log", "public.kept"):
        for role in ("app", "writer"):
            assert DENIED in cluster.as_role(role, f"DELETE FROM {table}")
    granted = "GRANT USAGE ON SCHEMA audit TO writer, app; GRANT INSERT, SELECT ON audit.log TO writer"
    assert cluster.leader.refused(granted, database="app") == ""
    assert cluster.applied(levels) == [], "what a superuser gave within the level stays"
    cluster.applied({"writer": {"grants": {"app": "read"}}})
    assert DENIED in cluster.as_role("writer", "INSERT INTO audit.log VALUES (2)")
    assert cluster.as_role("writer", "SELECT n FROM audit.log") == "1"
    cluster.leader.refused("DROP SCHEMA audit CASCADE; DROP TABLE public.kept", database="app")


BECOME = """LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE app SUPERUSER; END IF;
    RETURN pg_catalog.{same}; END $$"""
"""The end of a function that makes its owner a superuser, as soon as a superuser runs it."""
OWN_FUNCTIONS = (
    "CREATE SCHEMA evil",
    *(
        f"CREATE FUNCTION {schema}.{name}({takes}) RETURNS {gives} " + BECOME.format(same=f"{name}($1::{cast})")
        for schema in ("evil", "public")
        for name, takes, gives, cast in (
            ("quote_ident", "name", "text", "text"),
            ("pg_get_userbyid", "oid", "name", "oid"),
            ("substr", "text, int", "text", "text, $2"),
        )
    ),
    "CREATE FUNCTION evil.joined(text, oid) RETURNS text " + BECOME.format(same="concat($1, $2)"),
    "CREATE OPERATOR evil.|| (FUNCTION = evil.joined, LEFTARG = text, RIGHTARG = oid)",
    "CREATE OPERATOR public.|| (FUNCTION = evil.joined, LEFTARG = text, RIGHTARG = oid)",
    "CREATE FUNCTION evil.same(name, text) RETURNS boolean " + BECOME.format(same="textne($1::text, $2)"),
    "CREATE OPERATOR evil.<> (FUNCTION = evil.same, LEFTARG = name, RIGHTARG = text)",
    "CREATE FUNCTION evil.named() RETURNS SETOF pg_catalog.pg_extension LANGUAGE plpgsql AS $$ BEGIN"
    " IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE app SUPERUSER; END IF;"
    " END $$",
    "CREATE VIEW evil.pg_extension AS SELECT * FROM evil.named()",
)
NAMES = (
    # What looks like two rows, the second with a schema that is SQL.
    'CREATE SCHEMA "x\nschema 2200\tpublic TO app;ALTER ROLE app SUPERUSER;COMMIT--"',
    'CREATE SCHEMA "a"" TO app; ALTER ROLE app SUPERUSER; --"',
    'CREATE SCHEMA "x;\n\\! touch {shell}\n"',
    'CREATE SCHEMA "a\u2028b\r\nc,d"; CREATE SCHEMA "\\.\n"',
)


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(OWN_FUNCTIONS, id="functions that fit better"),
        pytest.param(
            (*OWN_FUNCTIONS, "ALTER DATABASE app SET search_path = evil, public, pg_catalog"), id="search_path"
        ),
    ],
)
def test_an_owner_does_not_become_superuser(cluster: Cluster, tmp_path: Path, attack: tuple[str, ...]) -> None:
    """Whoever owns a database chooses names, functions and settings in it, and the job is a superuser there."""
    cluster.applied(ROLES)
    before, shell = set(cluster.schemas()), Path(f"/tmp/{tmp_path.parent.name[-8:]}{os.getpid()}")
    sql = "; ".join((*attack, "REVOKE USAGE ON SCHEMA public FROM reader"))
    assert cluster.as_role("app", sql.replace("{shell}", str(shell))) == ""
    try:
        assert "role reader may read in database app" in cluster.applied(ROLES, extensions=["citext"])
        assert cluster.applied(ROLES, extensions=["citext"]) == []
        assert cluster.leader.query("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = 'app'") == [("app", "f")]
        assert not shell.exists()
    finally:
        cluster.leader.refused("ALTER ROLE app NOSUPERUSER", database="postgres")
        cluster.leader.refused("DROP EXTENSION IF EXISTS citext", database="app")
        drop = [f"DROP SCHEMA {schema} CASCADE" for schema in {*cluster.schemas()} - before]
        drop += [f"DROP FUNCTION IF EXISTS public.{one}" for one in ("quote_ident(name)", "pg_get_userbyid(oid)")]
        drop += ["DROP FUNCTION IF EXISTS public.substr(text, int)", "ALTER DATABASE app RESET ALL"]
        assert cluster.as_role("app", "; ".join(["SET client_min_messages = error", *drop])) == ""


SETTINGS = (
    "default_transaction_read_only = on",
    "default_transaction_isolation = serializable",
    "role = app",
    "session_authorization = app",
    "local_preload_libraries = nothing",
    "lock_timeout = 1",
    "idle_in_transaction_session_timeout = 1",
    "client_encoding = LATIN1",
    "client_min_messages = debug1",
    "exit_on_error = on",
    "standard_conforming_strings = off",
    "search_path = more",
)


def test_settings_of_a_database_do_not_hold_for_the_job(cluster: Cluster) -> None:
    cluster.applied(ROLES)
    assert cluster.as_role("app", 'CREATE SCHEMA "gr\u00fcn"; REVOKE USAGE ON SCHEMA "gr\u00fcn" FROM reader') == ""
    now = " || ' ' || ".join(
        f"current_setting('{setting.partition(' ')[0]}')" for setting in SETTINGS if "authorization" not in setting
    )
    seen = cluster.leader.query(f"SELECT current_user || ' ' || session_user, {now}", database="postgres")
    try:
        for setting in SETTINGS:
            cluster.leader.refused(
                f"ALTER DATABASE app RESET ALL; ALTER DATABASE app SET {setting}", database="postgres"
            )
            there = cluster.leader.query(f"SELECT current_user || ' ' || session_user, {now}", database="app")
            assert there == seen, setting
        cluster.leader.refused("; ".join(f"ALTER DATABASE app SET {one}" for one in SETTINGS), database="postgres")
        assert "role reader may read in database app" in cluster.applied(ROLES, extensions=["citext"])
        assert cluster.applied(ROLES, extensions=["citext"]) == []
        schema = "SELECT extname, extnamespace::regnamespace FROM pg_extension WHERE extname = 'citext'"
        assert cluster.leader.query(schema, database="app") == [("citext", "public")]
    finally:
        cluster.leader.refused("ALTER DATABASE app RESET ALL", database="postgres")
        cluster.leader.refused("DROP EXTENSION citext", database="app")
        assert cluster.as_role("app", 'DROP SCHEMA "gr\u00fcn"') == ""
