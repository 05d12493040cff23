"""A rotation of passwords on a real PostgreSQL: clients write all the time, and every step may be cut short."""

import asyncio
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from components.postgres_ha.files import logins, orders, retire_logins
from components.postgres_ha.files.dump import Dumps
from components.postgres_ha.files.dump_store import Store
from components.postgres_ha.files.members import Answer, Failed, Member
from components.postgres_ha.files.retire_logins import Retirement
from components.postgres_ha.files.sql import NotYet, Server
from drills.waiting import wait_for
from tests.components.postgres_ha.roles_server import Cluster
from tests.live.app.postgres_server import POSTGRES_BIN, running

pytestmark = pytest.mark.live
ROLES: dict[str, Any] = {"reader": {"grants": {"app": "read"}}, "deputy": {"grants": {"app": "owner"}}}
OWNERS = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'public'"
REFUSED = "password authentication failed"
"""Also of a role without a password."""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """With a table of the owner, by the first passwords. A reload of Patroni has the orders carried out."""
    with running() as server:
        with server.session() as run:
            run(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{server.password}'")
        found = Cluster(server)
        found.applied(ROLES)
        assert found.as_role("app", "CREATE TABLE written (n bigserial, by text DEFAULT session_user)") == ""
        for role in ("settings", "exporter"):
            (tmp_path / f"{role}_password").write_text(role)

        def rest(_: Member, method: str, path: str, *__: Any, **___: Any) -> Answer:
            if (method, path) == ("POST", "/reload"):
                orders.serve(found.leader, tmp_path)
            return Answer(200, "")

        monkeypatch.setattr(Member, "rest", rest)
        monkeypatch.setattr(retire_logins, "POLL_SECONDS", 0.05)
        orders.serve(found.leader, tmp_path)
        yield found


def rotated(cluster: Cluster, counter: int, **more: Any) -> list[str]:
    """What the job before the clients does."""
    return cluster.applied(ROLES, rotate={"passwords": counter}, **more)


def retire(counter: int, *, seconds: float = 10.0, quiet: float = 0.2, **names: str) -> None:
    """The job after the clients. Raises Failed."""
    roles = names or {role: role for role in ("app", "analytics", "reader", "deputy")}
    wanted = {
        "origin": "ha-platform:stack.databases.main",
        "members": {"main-pg-0": "127.0.0.1"},
        "psql": str(POSTGRES_BIN / "psql"),
        "seconds": seconds,
        "quiet": quiet,
        "stop": 0,
        "logins": {role: f"{login}_{counter}" for role, login in roles.items()},
    }
    Retirement(wanted, {"settings": "settings", "rest_api": ""}).apply()


class Writer:
    """A client that connects for each row."""

    def __init__(self, login: str) -> None:
        self.login, self.failed, self.rows = login, list[str](), 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Writer":
        self._thread.start()
        wait_for("the first row", lambda: self.rows > 0 or bool(self.failed), seconds=120)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._end.wait(0.01):
            try:
                asyncio.run(self._write())
                self.rows += 1
            except (OSError, asyncpg.PostgresError) as error:
                self.failed.append(f"{self.login}: {error}")

    async def _write(self) -> None:
        url = f"postgresql://{self.login}:of-{self.login}@127.0.0.1:{os.environ['PGPORT']}/app"
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("INSERT INTO written DEFAULT VALUES")
        finally:
            await connection.close()


@pytest.mark.slow
def test_clients_with_either_password_write_throughout(cluster: Cluster) -> None:
    with Writer("app") as old:
        assert "created role app_2, which logs in as app" in rotated(cluster, 2)
        assert rotated(cluster, 2) == [], "a second `up` finds nothing to do"
        with Writer("app_2") as new:
            before = new.rows
            with (
                cluster.connected("app"),
                pytest.raises(Failed, match=r"still hold, after .* s: connected: app from 127"),
            ):
                retire(2)
            wait_for("rows by both", lambda: new.rows > before + 3 and old.rows > 3, seconds=120)
            old.__exit__()  # the last one that had it is replaced
            retire(2, seconds=120)
            at = new.rows
            wait_for("more rows", lambda: new.rows > at + 3, seconds=120)
    assert (old.failed, new.failed) == ([], [])
    assert cluster.as_role("app_2", "SELECT count(*) FROM written") == str(old.rows + new.rows)
    for former in ("app", "reader", "deputy"):
        assert REFUSED in cluster.as_role(former, "SELECT 1")
    assert rotated(cluster, 2) == [], "nor does it come back"
    retire(2)
    with Writer("app_2") as old:
        rotated(cluster, 3)
        with Writer("app_3") as new:
            old.__exit__()
            retire(3, seconds=120)
    assert (old.failed, new.failed) == ([], [])
    assert REFUSED in cluster.as_role("app_2", "SELECT 1")
    assert sorted(logins.of(cluster.leader, ["app", "reader"])) == ["app_3", "reader_3"]


def test_what_a_login_makes_belongs_to_its_role(cluster: Cluster) -> None:
    rotated(cluster, 2)
    for login in ("app_2", "deputy_2"):
        made = f"DISCARD ALL; RESET ALL; CREATE TABLE by_{login} (n int); SELECT current_user"
        assert cluster.as_role(login, made) == "app"
    retire(2, seconds=120)
    rotated(cluster, 3)
    assert cluster.as_role("app_3", "ALTER TABLE by_app_2 ADD more int; ALTER TABLE written ADD more int") == ""
    assert cluster.as_role("deputy_3", "CREATE TABLE last (n int); DROP TABLE by_deputy_2") == ""
    assert cluster.as_role("reader_3", "SELECT current_user, count(*) FROM last") == "reader|0", "as before, by default"
    assert "permission denied" in cluster.as_role("reader_3", "INSERT INTO last VALUES (1)")
    assert "permission denied for database" in cluster.as_role("app_3", "SELECT 1", "analytics")
    assert cluster.as_role("app_3", OWNERS) == "app"


class Kept(Store):
    """Dumps in a directory, in place of a repository."""

    def __init__(self, place: Path) -> None:
        self._where = place

    def write(self, _: str, file: str, command: Sequence[str], env: dict[str, str]) -> dict[str, Any]:
        done = subprocess.run(command, env=env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        (self._where / file).write_bytes(done.stdout)
        return {"bytes": len(done.stdout)}

    def read(self, _: str, file: str, command: Sequence[str], env: dict[str, str] | None = None) -> dict[str, Any]:
        content = (self._where / file).read_bytes()
        done = subprocess.run(command, env=env, input=content, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return {"bytes": len(content)}

    def finish(self, told: dict[str, Any]) -> None:
        (self._where / "done.json").write_text(json.dumps(told))

    def complete(self) -> list[dict[str, Any]]:
        return [json.loads((self._where / "done.json").read_text())]

    def labels(self) -> list[str]:
        return [one["label"] for one in self.complete()]


def test_dumps_by_a_login_are_the_role_s(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Dumps, "_is", lambda *_: True)
    rotated(cluster, 2)
    retire(2, seconds=120)
    databases = {"app": "app_2", "analytics": "analytics_2"}
    told = {"cluster": "main", "members": {"main-pg-0": "127.0.0.1"}, "databases": databases, "keep": 1}
    passwords = {login: f"of-{login}" for login in databases.values()}
    dumps = Dumps(told | {"bin": str(POSTGRES_BIN)}, passwords, Kept(tmp_path))
    assert cluster.as_role("app_2", "INSERT INTO written DEFAULT VALUES") == ""
    dumps.take()
    dumps.restore(dumps.listed()["dumps"][0]["label"], "app", "analytics")
    assert cluster.as_role("analytics_2", f"{OWNERS}; SELECT by FROM written", "analytics") == "analytics\napp_2"


class Cut(Exception):
    """The end of a process in the middle."""


@pytest.mark.slow
@pytest.mark.parametrize("gone_by", ["before", "after"])
def test_a_rotation_that_is_cut_anywhere_goes_on(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, gone_by: str
) -> None:
    """One more statement in each try, and the process ends `before` or `after` it."""
    left = 0
    whole: Callable[..., str] = Server.refused

    def refused(server: Server, sql: str, **more: str) -> str:
        nonlocal left
        if "ha_platform.orders" in sql or server.user != "postgres":
            return whole(server, sql, **more)
        left -= 1
        if left < 0 and gone_by == "before":
            raise Cut
        said = whole(server, sql, **more)
        if left < 0:
            raise Cut
        return said

    def until_whole(step: Callable[[], object]) -> int:
        nonlocal left
        for tries in range(20):
            left = 0 if gone_by == "after" else tries
            try:
                step()
            except Cut:
                assert "1" in {cluster.as_role(f"app{each}", "SELECT 1") for each in ("", "_2", "_3")}, tries
                continue
            return tries
        raise AssertionError("it never ends")

    monkeypatch.setattr(Server, "refused", refused)
    assert until_whole(lambda: rotated(cluster, 2)) >= 3, "a login for each role"
    with Writer("app_2") as client:
        assert until_whole(lambda: retire(2, seconds=120)) >= 3
        until_whole(lambda: rotated(cluster, 3))
    assert client.failed == []
    until_whole(lambda: retire(3, seconds=120))
    monkeypatch.undo()
    every = {**logins.of(cluster.leader, ["app", "analytics", "reader", "deputy"])}
    assert sorted(every) == ["analytics_3", "app_3", "deputy_3", "reader_3"]
    assert cluster.as_role("app_3", OWNERS) == "app"
    assert "app" not in {name for name, text in cluster.leader.query(logins.THERE) if text.startswith("login")}


def test_counters_that_cannot_be_are_refused_before_anything_changes(cluster: Cluster) -> None:
    before = cluster.leader.query(logins.THERE)
    with (
        cluster.connected("app"),
        pytest.raises(ValueError, match=r"^rotate.passwords: is 3, and clients are connected"),
    ):
        rotated(cluster, 3)
    cluster.leader.refused("CREATE ROLE app_2", database="postgres")
    with pytest.raises(ValueError, match="makes the role `app_2`, and there is one that a person made"):
        rotated(cluster, 2)
    cluster.leader.refused("DROP ROLE app_2", database="postgres")
    assert cluster.leader.query(logins.THERE) == before
    rotated(cluster, 2)
    for lower in ({}, {"rotate": {"passwords": 1}}):
        with pytest.raises(ValueError, match=r"^rotate.passwords: is 1, and role analytics has its password number 2"):
            cluster.applied(ROLES, **lower)
    assert cluster.as_role("app_2", "SELECT 1") == "1"


@pytest.mark.slow
def test_an_owner_is_renamed_in_the_middle(cluster: Cluster) -> None:
    rotated(cluster, 2)
    with Writer("app_2") as client:
        assert "renamed role app to shop" in rotated(cluster, 2, owner="shop")[0]
        assert cluster.as_role("app", "SELECT current_user") == "shop", "the former name and the former password"
        assert cluster.as_role("shop_2", "SELECT current_user") == "shop"
    assert client.failed == []
    retire(2, seconds=120, shop="shop", analytics="analytics")
    for former in ("app", "app_2"):
        assert REFUSED in cluster.as_role(former, "SELECT 1")
    assert cluster.as_role("shop_2", "CREATE TABLE more (n int);" + OWNERS) == "shop"
    done = rotated(cluster, 2, owner="depot")
    assert done[0] == "renamed role shop to depot", "nobody logs in by the name of a role that only owns"
    assert cluster.as_role("shop_2", "SELECT current_user") == "depot"


@pytest.mark.slow
def test_a_role_that_leaves_the_file_has_no_login_left(cluster: Cluster) -> None:
    rotated(cluster, 2)
    assert "role reader is not wanted: reader_2 cannot log in any more" in cluster.applied({}, rotate={"passwords": 2})
    assert "not permitted to log in" in cluster.as_role("reader_2", "SELECT 1")
    assert "password of role reader_2" in rotated(cluster, 2), "and comes back"
    assert cluster.as_role("reader_2", "SELECT count(*) FROM written") == "0"


@pytest.mark.slow
def test_a_new_cluster_begins_at_any_counter(cluster: Cluster) -> None:
    for database in ("app", "analytics"):
        cluster.leader.refused(f"DROP DATABASE {database}", database="postgres")
    cluster.leader.refused("DROP ROLE app, analytics, reader, deputy", database="postgres")
    rotated(cluster, 7)
    assert cluster.as_role("app_7", "CREATE TABLE first (n int);" + OWNERS) == "app"
    assert REFUSED in cluster.as_role("app", "SELECT 1")
    retire(7)


@pytest.mark.slow
def test_a_server_that_does_not_say_keeps_the_former_passwords(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotated(cluster, 2)
    monkeypatch.setattr(Server, "query", _silent(Server.query))
    with pytest.raises(Failed, match="does not answer"):
        retire(2, seconds=0.5)
    monkeypatch.undo()
    assert cluster.as_role("app", "SELECT 1") == "1"


def _silent(query: Callable[..., list[tuple[str, str]]]) -> Callable[..., list[tuple[str, str]]]:
    def asked(server: Server, sql: str, **more: str) -> list[tuple[str, str]]:
        if "client_addr" in sql:
            raise NotYet(f"{server.name} does not answer")
        return query(server, sql, **more)

    return asked
