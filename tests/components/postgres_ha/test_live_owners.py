"""Another owner or database for a PostgreSQL that has data: carried out whole, or refused before anything changes."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.postgres_ha.files import owners
from tests.components.postgres_ha.roles_server import Cluster
from tests.live.app.postgres_server import running

pytestmark = pytest.mark.live
READER: dict[str, Any] = {"reader": {"grants": {"app": "read"}}, "deputy": {"grants": {"app": "owner"}}}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """With data of the owners of its databases `app` and `analytics`."""
    with running() as server:
        with server.session() as run:
            run(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{server.password}'")
        found = Cluster(server)
        assert found.applied(READER)[:2] == ["created role app", "created role analytics"]
        assert found.as_role("app", "CREATE TABLE old AS SELECT 7 AS n") == ""
        yield found


def test_another_name_of_the_owner_is_a_renamed_role(cluster: Cluster) -> None:
    done = cluster.applied(READER, owner="shop")
    assert done[0] == "renamed role app to shop; app logs in as it until nobody does"
    assert "password of role shop" in done
    assert cluster.as_role("shop", "INSERT INTO old VALUES (8); SELECT current_user, count(*) FROM old") == "shop|2"
    assert cluster.as_role("reader", "SELECT count(*) FROM old") == "2", "what the owner gave is given"
    assert cluster.as_role("deputy", "CREATE TABLE made (n int); SELECT current_user") == "shop"
    assert cluster.as_role("reader", "SELECT count(*) FROM made") == "0"


def test_who_has_the_former_name_goes_on_until_nobody_does(cluster: Cluster) -> None:
    cluster.applied(READER, owner="shop")
    assert cluster.as_role("app", "CREATE TABLE late AS SELECT 1 AS n; SELECT current_user") == "shop"
    assert cluster.as_role("reader", "SELECT n FROM late") == "1"
    assert "permission denied for database" in cluster.as_role("app", "SELECT 1", "analytics")
    with cluster.connected("app"):
        assert cluster.applied(READER, owner="shop") == []
    assert cluster.applied(READER, owner="shop") == ["dropped role app, the former name of an owner"]
    assert cluster.applied(READER, owner="shop") == []


def test_the_way_back_is_the_same_way(cluster: Cluster) -> None:
    cluster.applied(READER, owner="shop")
    with cluster.connected("app"):  # an application that was not replaced yet
        assert cluster.applied(READER)[0] == "renamed role shop to app; shop logs in as it until nobody does"
    assert cluster.as_role("app", "SELECT current_user, n FROM old") == "app|7"
    assert cluster.as_role("shop", "SELECT current_user, n FROM old") == "app|7"


def test_an_owner_of_a_further_database_is_renamed_too(cluster: Cluster) -> None:
    done = cluster.applied({}, databases={"analytics": {"owner": "figures"}})
    assert done[0] == "renamed role analytics to figures; analytics logs in as it until nobody does"
    assert cluster.as_role("figures", "CREATE TABLE f (n int); SELECT current_user", "analytics") == "figures"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(
            {"database": "shop"}, r"^database: the data is in `app`, and does not move to `shop`", id="database"
        ),
        pytest.param(
            {"owner": "analytics"},
            "^owner: database app belongs to the role app, not to analytics, and there is a role `analytics` already",
            id="another database's owner",
        ),
        pytest.param(
            {"owner": "shop", "databases": {"analytics": {"owner": "app"}}}, "`app` is still in the file", id="app"
        ),
        pytest.param(
            {"owner": "shop", "databases": {"analytics": {"owner": "shop"}}},
            "would be renamed twice",
            id="two into one",
        ),
        pytest.param(
            {"owner": "shop", "roles": {"app": {"grants": {"app": "read"}}}}, "`app` is still in the file", id="a role"
        ),
    ],
)
def test_what_cannot_be_carried_out_changes_nothing(cluster: Cluster, keys: dict[str, Any], words: str) -> None:
    before = cluster.leader.query(owners.DATABASES), cluster.leader.query(owners.ROLES)
    with pytest.raises(ValueError, match=words):
        cluster.applied(**({"roles": {}} | keys))
    assert (cluster.leader.query(owners.DATABASES), cluster.leader.query(owners.ROLES)) == before


def test_a_role_of_a_person_is_not_taken(cluster: Cluster) -> None:
    cluster.leader.refused("CREATE ROLE shop", database="postgres")
    with pytest.raises(ValueError, match="there is a role `shop` already"):
        cluster.applied({}, owner="shop")
    cluster.leader.refused("ALTER DATABASE app OWNER TO postgres", database="postgres")
    with pytest.raises(ValueError, match="`postgres` is no role that a stack file can have"):
        cluster.applied({})


def test_a_renaming_that_the_server_refuses_leaves_nothing_behind(cluster: Cluster) -> None:
    """It fails here after the role has its new name and the former one is made."""
    before = cluster.leader.query(owners.ROLES)
    lets_in = owners.LETS_IN.format(former="app", owner="shop", verifier="x", becomes="SELECT 1/0;", mark=owners.MARK)
    sql = owners.RENAME.format(former="app", owner="shop", logins=lets_in)
    assert "division by zero" in cluster.leader.refused(sql, database="postgres")
    assert cluster.leader.query(owners.ROLES) == before


def test_a_database_that_a_person_renamed_is_the_one(cluster: Cluster) -> None:
    cluster.leader.refused("ALTER DATABASE app RENAME TO shop", database="postgres")
    assert owners.check({"shop": "app"}, {}, {"first": "shop", "databases": {"shop": "app"}}, "app") == {}
    assert cluster.applied({}, database="shop")[:1] != ["created database shop"]
    assert cluster.as_role("app", "SELECT n FROM old", "shop") == "7"


def test_the_data_that_was_first_stays_so() -> None:
    """Also where the other database is one of the cluster."""
    there = {"analytics": "analytics", "app": "app"}
    wanted = {"first": "analytics", "databases": {"analytics": "analytics"}}
    with pytest.raises(ValueError, match=r"^database: the data is in `app`, and does not move to `analytics`"):
        owners.check(there, {}, wanted, "app")
