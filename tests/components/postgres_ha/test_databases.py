"""Further databases in one PostgreSQL: what the job is told, and what an application is given."""

import json
from typing import Any

import pytest

from components.postgres_ha.files.apply_databases import create
from components.postgres_ha.files.scram import verifier
from composition.read import check
from settings.faults import BrokenStack
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

STACK: dict[str, Any] = {
    "databases": {
        "main": {
            "members": 1,
            "owner": "app",
            "extensions": ["citext"],
            "databases": {"analytics": {"extensions": ["pg_trgm"]}, "mine": {"owner": "app"}},
        }
    },
    "apps": {
        "web": {
            "image": "registry.example.com/web:1",
            "port": 8000,
            "uses": {
                "main": "DATABASE",
                "main/analytics": "ANALYTICS",
                "main/mine": {"env": {"MINE": "{name} {user}"}},
            },
        }
    },
}


def registered(platform: str) -> list[Recorded]:
    return accepted({"platform": PLATFORMS[platform], **STACK}, secrets={})


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_job_is_told_databases_owners_and_extensions(platform: str) -> None:
    found = registered(platform)
    wanted = json.loads(text(found, "main-pg-settings-wanted"))
    assert (wanted["first"], wanted["databases"]) == ("app", {"app": "app", "analytics": "analytics", "mine": "app"})
    assert wanted["extensions"] == {"app": ["citext"], "analytics": ["pg_trgm"]}
    assert "def create(" in text(found, "main-pg-apply-databases"), "by the members themselves"
    passwords = json.loads(text(found, "main-pg-settings-passwords"))
    assert json.loads(passwords["roles"]).keys() == {"app", "analytics"}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_an_application_gets_the_database_that_it_names(platform: str) -> None:
    found = registered(platform)
    (web,) = (one for one in found if one.name == "web" and one.type.endswith((":Deployment", "/service:Service")))
    inputs = json.dumps(web.inputs)
    for value in (
        "ANALYTICS_NAME",
        "ANALYTICS_USER",
        "main-db-analytics-url",
        "main-db-analytics-password",
        "mine app",
    ):
        assert value in inputs, value
    url, first = text(found, "main-db-analytics-url"), text(found, "main-url")
    assert "/analytics?" in url
    assert url.startswith("postgresql://analytics:")
    assert url.split("@")[0].rpartition(":")[2] != first.split("@")[0].rpartition(":")[2], "a password of its own"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("main/analytic", "Did you mean `main/analytics`?"),
        ("sessions/x", "Did you mean `sessions`?"),
        ("web/x", "Did you mean `web`?"),
    ],
)
def test_a_database_that_nobody_has_is_refused(name: str, fix: str) -> None:
    web = STACK["apps"]["web"] | {"uses": {name: "X"}}
    document = {
        "platform": PLATFORMS["swarm"],
        **STACK,
        "apps": {"web": web},
        "caches": {"sessions": {"role": "session"}},
    }
    with pytest.raises(BrokenStack) as refused:
        check(document, source="test", secret_names=frozenset())
    (fault,) = refused.value.faults
    assert fault.path == f"ha-platform:stack.apps.web.uses.{name}"
    assert fault.fix is not None
    assert fault.fix.startswith(fix), fault


def test_a_database_of_a_broken_cluster_is_not_missing() -> None:
    databases = {"main": STACK["databases"]["main"] | {"members": 7}}
    with pytest.raises(BrokenStack) as refused:
        check(
            {"platform": PLATFORMS["swarm"], **STACK, "databases": databases}, source="test", secret_names=frozenset()
        )
    assert [fault.path for fault in refused.value.faults] == ["ha-platform:stack.databases.main.members"]


class Server:
    """What a server says and was told."""

    def __init__(self, roles: dict[str, str], owners: dict[str, str], open_to_all: tuple[str, ...] = ()) -> None:
        answers = {"rolcanlogin": roles, "datdba": owners, "rolsuper": roles, "CONNECT": dict.fromkeys(open_to_all, "")}
        self._answers = answers
        self.told: list[tuple[str, str]] = []

    def query(self, sql: str, **_: str) -> list[tuple[str, str]]:
        answer = next((rows for key, rows in self._answers.items() if key in sql), {"plpgsql": ""})
        return list(answer.items())

    def refused(self, sql: str, *, database: str) -> str:
        self.told.append((database, sql.partition(" PASSWORD")[0]))
        return ""


def wanted_of(password: str, **more: Any) -> dict[str, Any]:
    """An order for one database."""
    verifiers = {"analytics": verifier("analytics", password)}
    return {"first": "analytics", "databases": {"analytics": "analytics"}, "verifiers": verifiers, **more}


def test_what_is_missing_is_created() -> None:
    server = Server({}, {}, open_to_all=("analytics",))
    create(server, wanted_of("secret", extensions={"analytics": ["pg_trgm"]}), [])
    assert server.told == [
        ("postgres", 'CREATE ROLE "analytics" LOGIN'),
        ("postgres", 'CREATE DATABASE "analytics" OWNER "analytics"'),
        ("postgres", 'REVOKE CONNECT ON DATABASE "analytics" FROM PUBLIC'),
        ("analytics", 'CREATE EXTENSION IF NOT EXISTS "pg_trgm" SCHEMA public CASCADE'),
    ]


def test_what_is_there_is_left_alone_but_for_another_password() -> None:
    there = Server({"analytics": verifier("analytics", "secret")}, {"analytics": "analytics"})
    done: list[str] = []
    create(there, wanted_of("secret"), done)
    assert (done, there.told) == ([], [])
    create(there, wanted_of("another"), done)
    assert there.told == [("postgres", 'ALTER ROLE "analytics" LOGIN')]
    assert done == ["password of role analytics"]


def test_a_verifier_follows_from_the_role_and_its_password() -> None:
    first = verifier("analytics", "secret")
    assert first == verifier("analytics", "secret")
    assert len({first, verifier("analytics", "other"), verifier("app", "secret")}) == 3
    assert "secret" not in first


ROLES: dict[str, Any] = {
    "reader": {"grants": {"app": "read", "analytics": "read"}},
    "deputy": {"member_of": ["deputies"]},
    "deputies": {"login": False, "grants": {"app": "owner", "mine": "owner"}},
    "idle": {},
}


def with_roles(platform: str, uses: dict[str, Any], roles: dict[str, Any] = ROLES) -> list[Recorded]:
    main = STACK["databases"]["main"] | {"roles": roles}
    web = STACK["apps"]["web"] | {"uses": uses}
    document = {"platform": PLATFORMS[platform], "databases": {"main": main}, "apps": {"web": web}}
    return accepted(document, secrets={})


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_job_is_told_roles_groups_and_grants(platform: str) -> None:
    found = with_roles(platform, {"main": "DATABASE"})
    wanted = json.loads(text(found, "main-pg-settings-roles-wanted"))["roles"]
    assert wanted["roles"] == {
        "reader": {"login": True, "member_of": [], "becomes": {}},
        "deputy": {"login": True, "member_of": ["deputies"], "becomes": {"app": "app", "mine": "app"}},
        "deputies": {"login": False, "member_of": ["app"], "becomes": {}},
        "idle": {"login": True, "member_of": [], "becomes": {}},
    }
    assert wanted["databases"] == {
        "app": {"owner": "app", "levels": {"reader": "read"}},
        "analytics": {"owner": "analytics", "levels": {"reader": "read"}},
        "mine": {"owner": "app", "levels": {}},
    }
    passwords = json.loads(json.loads(text(found, "main-pg-settings-passwords"))["roles"])
    assert passwords.keys() == {"app", "analytics", "reader", "deputy", "idle"}, "groups have none"
    assert "def apply(" in text(found, "main-pg-apply-roles")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_an_application_gets_the_role_that_it_names(platform: str) -> None:
    uses = {"main": {"prefix": "DB", "role": "reader"}, "main/analytics": {"prefix": "FACTS", "role": "reader"}}
    found = with_roles(platform, uses)
    (web,) = (one for one in found if one.name == "web" and one.type.endswith((":Deployment", "/service:Service")))
    inputs = json.dumps(web.inputs)
    assert "main-role-reader-app-url" in inputs
    assert "main-url" not in inputs, "nothing of the owner's"
    first, other = text(found, "main-role-reader-app-url"), text(found, "main-role-reader-analytics-url")
    assert first.startswith("postgresql://reader:")
    assert ("/app?" in first, "/analytics?" in other) == (True, True)
    assert first.split("@")[0] == other.split("@")[0], "one role, one password"
    assert first.split("@")[0].rpartition(":")[2] != text(found, "main-url").split("@")[0].rpartition(":")[2]


def test_a_group_s_grants_are_its_members() -> None:
    found = with_roles("swarm", {"main": {"prefix": "DB", "role": "deputy"}})
    assert text(found, "main-role-deputy-app-url").startswith("postgresql://deputy:")
    assert not [one for one in found if one.name.startswith("main-role-idle-app")], "where it may nothing"


def test_roles_and_databases_whose_names_run_together_have_secrets_of_their_own() -> None:
    grants = {"b_c": {"owner": "app"}, "c": {}}
    roles = {"a": {"grants": {"b_c": "read"}}, "a_b": {"grants": {"c": "read"}}}
    document = {
        "platform": PLATFORMS["swarm"],
        "databases": {"main": {"members": 1, "databases": grants, "roles": roles}},
    }
    found = accepted(document, secrets={})
    urls = [one.name for one in found if one.name.startswith("main-role-a-b-c-") and one.name.endswith("-url")]
    assert len(urls) == len({*urls}) == 2
    assert {text(found, name).partition("@")[0].split(":")[1] for name in urls} == {"//a", "//a_b"}


def test_the_last_role_is_closed_by_an_empty_map() -> None:
    found = with_roles("swarm", {"main": "DATABASE"}, roles={})
    assert json.loads(text(found, "main-pg-settings-roles-wanted"))["roles"]["roles"] == {}
    without = accepted({"platform": PLATFORMS["swarm"], **STACK}, secrets={})
    assert not [one for one in without if one.name.startswith("main-pg-settings-roles")]
