"""Further databases in one PostgreSQL: what the job is told, and what an application is given."""

import json
from typing import Any

import pytest

from components.postgres_ha.files.apply_databases import create, fits, verifier
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
    assert wanted["databases"] == {"analytics": "analytics", "mine": "app"}
    assert wanted["extensions"] == {"app": ["citext"], "analytics": ["pg_trgm"]}
    assert "def create(" in text(found, "main-pg-settings-databases")
    passwords = json.loads(text(found, "main-pg-settings-passwords"))
    assert json.loads(passwords["roles"]).keys() == {"analytics"}, "the first owner's is set at the first start"


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
        self._answers = {"pg_authid": roles, "datdba": owners, "CONNECT": dict.fromkeys(open_to_all, "")}
        self.told: list[tuple[str, str]] = []

    def query(self, sql: str, **_: str) -> list[tuple[str, str]]:
        answer = next((rows for key, rows in self._answers.items() if key in sql), {"plpgsql": ""})
        return list(answer.items())

    def refused(self, sql: str, *, database: str) -> str:
        self.told.append((database, sql.partition(" PASSWORD")[0]))
        return ""


def test_what_is_missing_is_created() -> None:
    server = Server({"app": ""}, {"app": "app"}, open_to_all=("app", "analytics"))
    wanted = {"databases": {"analytics": "analytics"}, "extensions": {"analytics": ["pg_trgm"]}}
    create(server, wanted, {"analytics": "secret"})
    assert server.told == [
        ("postgres", 'CREATE ROLE "analytics" LOGIN'),
        ("postgres", 'CREATE DATABASE "analytics" OWNER "analytics"'),
        ("postgres", 'REVOKE CONNECT ON DATABASE "analytics" FROM PUBLIC'),
        ("analytics", 'CREATE EXTENSION IF NOT EXISTS "pg_trgm" CASCADE'),
    ]


def test_what_is_there_is_left_alone_but_for_another_password() -> None:
    wanted = {"databases": {"analytics": "analytics"}}
    there = Server({"analytics": verifier("secret")}, {"analytics": "analytics"})
    assert create(there, wanted, {"analytics": "secret"}) == []
    assert there.told == []
    create(there, wanted, {"analytics": "another"})
    assert there.told == [("postgres", 'ALTER ROLE "analytics" LOGIN')]


def test_a_database_of_somebody_else_is_not_taken() -> None:
    server = Server({"analytics": verifier("secret")}, {"analytics": "app"})
    with pytest.raises(ValueError, match="belongs to the role app, not to analytics"):
        create(server, {"databases": {"analytics": "analytics"}}, {"analytics": "secret"})


@pytest.mark.parametrize("kept", ["", "md5abc", "SCRAM-SHA-256", "SCRAM-SHA-256$4096", verifier("other")])
def test_what_was_made_of_another_password_does_not_fit(kept: str) -> None:
    assert not fits("secret", kept)
    assert fits("secret", verifier("secret"))
