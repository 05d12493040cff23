"""The pooler as it is rendered, and what applications get of it."""

import configparser
from typing import Any

import pytest

from components.postgres_ha.pooler import pgbouncer_ini
from components.postgres_ha.settings import PostgresSettings
from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.components.postgres_ha.test_reads import PRESETS, registered, variables
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS, accepted, text

POOLED = {"prefix": "DATABASE", "pooled": True}


def ini(**pooler: Any) -> configparser.SectionProxy:
    settings = PostgresSettings.model_validate({"pooler": pooler, "databases": {"more": {}}})
    assert settings.pooler is not None
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(pgbouncer_ini(settings, settings.pooler, host="main-rw"))
    assert {name: text.partition(" connect_query=")[0] for name, text in parser["databases"].items()} == {
        "app": "host=main-rw port=6432 dbname=app",
        "more": "host=main-rw port=6432 dbname=more",
    }, "the server's own databases are not there"
    return parser["pgbouncer"]


def container(found: list[Recorded], platform: str, name: str) -> dict[str, Any]:
    """Of the service or pod."""
    (word,) = (one for one in found if one.name == name and one.type.endswith(("/service:Service", ":Deployment")))
    if platform == "swarm":
        return dict(word.inputs["taskSpec"]["containerSpec"])
    (only,) = word.inputs["spec"]["template"]["spec"]["containers"]
    return dict(only)


def migrated(found: list[Recorded], platform: str) -> dict[str, str]:
    """The variables of the migration."""
    (word,) = (one for one in found if one.name == "web-migrate" and one.type.endswith(("/service:Service", ":Job")))
    if platform == "swarm":
        return dict(word.inputs["taskSpec"]["containerSpec"]["env"])
    (only,) = word.inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", "") for each in only["env"]}


def test_what_each_mode_needs() -> None:
    transaction, session = ini(), ini(mode="session")
    assert (transaction["pool_mode"], session["pool_mode"]) == ("transaction", "session")
    assert transaction["max_prepared_statements"] == "200"
    assert "max_prepared_statements" not in session
    assert session["server_reset_query"] == "DISCARD ALL"


def test_the_settings_arrive() -> None:
    found = ini(pool_size=7, max_connections=77, prepared_statements=0, wait_timeout="33s")
    assert {found["default_pool_size"], found["max_db_connections"]} == {"7"}
    assert found["max_client_conn"] == "77"
    assert found["max_prepared_statements"] == "0"
    assert {found["query_wait_timeout"], found["server_connect_timeout"]} == {"33"}


def test_nobody_reaches_the_console_over_the_network() -> None:
    found = ini()
    assert "admin_users" not in found
    assert "stats_users" not in found
    assert found["auth_type"] == "scram-sha-256"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_only_the_stacks_own_roles_may_come(platform: str) -> None:
    found = registered(
        platform,
        pooler={"pool_size": 10},
        databases={"more": {}},
        roles={"reader": {"grants": {"app": "read"}}, "all": {"login": False}},
    )
    lines = text(found, "main-pooler-users").splitlines()
    assert [line.split()[0] for line in lines] == ['"app"', '"more"', '"reader"']
    assert len({line.split()[1] for line in lines}) == 3


@pytest.mark.parametrize("platform", PLATFORMS)
def test_facts_of_its_own(platform: str) -> None:
    given = variables(platform, found := registered(platform, pooler={}, reads={}))
    assert "main-rw" in given["DATABASE_HOST"]
    assert given["DATABASE_POOLER_HOST"] == given["DATABASE_HOST"].replace("main-rw", "main-pooler")
    assert given["DATABASE_POOLER_PORT"] == "5432"
    assert text(found, "main-pooler-url") == text(found, "main-url").replace("main-rw", "main-pooler")
    assert "main-ro" in given["DATABASE_READ_HOST"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_without_it_nothing_is_there(platform: str) -> None:
    found = registered(platform)
    assert not [one.name for one in found if "pooler" in one.name or "wait" in one.name]
    assert "lua" not in text(found, "main-rw-config")
    assert not [name for name in variables(platform, found) if "POOLER" in name]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("part", ["main", "main/more"])
def test_a_pooled_use_leads_to_it_and_migrations_do_not(platform: str, part: str) -> None:
    web = {
        "image": "registry.example.com/web:1.0",
        "command": ["serve"],
        "port": 8000,
        "uses": {part: POOLED | {"env": {"ADDRESS": "{host}:{port}", "DSN": "x://{user}:{password}@{host}/{name}"}}},
        "migrations": {"command": ["migrate"]},
    }
    database = {"pooler": {"pool_size": 10}, "databases": {"more": {}}}
    document = {"platform": PLATFORMS[platform], "databases": {"main": database}, "apps": {"web": web}}
    found = accepted(document, secrets={})
    served, moved = variables(platform, found), migrated(found, platform)
    assert "main-pooler" in served["DATABASE_HOST"]
    assert "main-rw" in moved["DATABASE_HOST"]
    assert served["ADDRESS"] == moved["ADDRESS"].replace("main-rw", "main-pooler")
    assert "main-pooler" in text(found, "web-dsn")
    assert text(found, "web-migrate-dsn") == text(found, "web-dsn").replace("main-pooler", "main-rw")


@pytest.mark.parametrize("preset", PRESETS)
def test_each_librarys_url_leads_to_it(preset: str) -> None:
    use = {"prefix": "DATABASE", "preset": preset}
    direct, pooled = (registered("swarm", use | more, pooler={}) for more in ({}, {"pooled": True}))

    def url(found: list[Recorded], which: str) -> str:
        (name,) = {one.name for one in found if one.name.startswith(f"web-database-{which}")}
        return text(found, name)

    assert "main-rw:5432" in url(direct, "url")
    expected = url(direct, "url").replace("main-rw", "main-pooler")
    assert url(direct, "pooler-url") == url(pooled, "url") == url(pooled, "pooler-url") == expected


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_lets_transactions_end_and_is_asked_two_questions(platform: str) -> None:
    found = registered(platform, pooler={"drain": "45s"})
    one = container(found, platform, "main-pooler")
    if platform == "swarm":
        assert (one["stopSignal"], one["stopGracePeriod"], one["readOnly"]) == ("SIGINT", "45s", True)
        assert "SHOW VERSION" in (check := one["healthcheck"]["tests"][1])
        assert ":1538 0+:0000 0A" in check, "before it is ready the port alone is asked"
    else:
        assert one["readinessProbe"]["tcpSocket"] == {"port": 5432}
        assert one["livenessProbe"]["exec"]["command"][-1] == "SHOW VERSION"
        assert one["livenessProbe"]["periodSeconds"] == 30
        assert "kill -s INT 1" in one["lifecycle"]["preStop"]["exec"]["command"][2]
        assert one["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("platform", PLATFORMS)
def test_where_it_runs(platform: str) -> None:
    found = registered(platform, pooler={"replicas": 3, "placement": {"labels": {"node-type": "data"}}})
    assert "node-type" in str(next(one.inputs for one in found if one.name == "main-pooler" and one.inputs))
    if platform == "kubernetes":
        (budget,) = (one for one in found if one.type.endswith(":PodDisruptionBudget") and one.name == "main-pooler")
        assert budget.inputs["spec"]["maxUnavailable"] == 1
    alone = registered(platform, pooler={}, members=1)
    (service,) = (
        one for one in alone if one.name == "main-pooler" and one.type.endswith(("/service:Service", ":Deployment"))
    )
    assert "'replicas': 1" in str(service.inputs)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_more_than_there_are_hosts_is_refused_by_its_key(platform: str) -> None:
    nodes = {"swarm": ["a", "b", "c"], "kubernetes": 3}[platform]
    document = {
        "platform": PLATFORMS[platform] | {"nodes": nodes},
        "databases": {"main": {"pooler": {"replicas": 4, "pool_size": 10}}},
    }
    stack = check(document, source="x", secret_names=frozenset())
    given = StackInput(source="x", stack=stack, secrets={})
    with pytest.raises(BrokenStack) as refused:
        render(lambda _: compose(given, stack_name="prod"))
    (fault,) = refused.value.faults
    assert fault.path == "ha-platform:stack.databases.main.pooler.replicas"
