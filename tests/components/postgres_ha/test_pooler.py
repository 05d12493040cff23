"""The pooler as it is rendered, and what applications get of it."""

import configparser
import json
from typing import Any

import pytest

from components.postgres_ha.files.poolers import Poolers
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
    assert found["max_client_conn"] == "81", "and room for those who ask the console"
    assert found["max_prepared_statements"] == "0"
    assert {found["query_wait_timeout"], found["server_connect_timeout"]} == {"33"}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("keys", "pooler", "waits"),
    [
        ({}, {}, True),
        ({}, {"pause": "0s"}, False),
        ({}, {"mode": "session"}, False),
        ({"members": 1}, {}, False),
    ],
)
def test_who_reaches_the_console_over_the_network(
    platform: str, keys: dict[str, Any], pooler: dict[str, Any], waits: bool
) -> None:
    """Whoever changes the primary, where poolers wait for that; else nobody."""
    found = registered(platform, pooler=pooler, **keys)
    own = text(found, "main-pooler-config")
    assert ("admin_users = ha_pooler" in own) is waits
    assert "stats_users = ha_pooler_figures" in own, "who changes nothing"
    assert "auth_type = scram-sha-256" in own
    lines = text(found, "main-pooler-users").splitlines()
    assert [line.split()[0] for line in lines] == ['"app"', *(['"ha_pooler"'] if waits else []), '"ha_pooler_figures"']
    names = {one.name for one in found}
    assert ("main-pg-poolers-told" in names, "main-pg-pooler-password" in names) == (waits, waits)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_who_changes_the_primary_is_told_of_the_poolers(platform: str) -> None:
    """A member, and the job that a person's command runs beside, alike; with the password of the poolers' own file."""
    found = registered(platform, pooler={"pause": "3s"})
    member = json.loads(text(found, "main-pg-poolers-told"))
    assert (member["seconds"], member["user"]) == (3, "ha_pooler")
    assert "main-pooler" in member["host"]
    job = json.loads(text(found, "main-pg-settings-wanted"))["poolers"]
    assert member.keys() == job.keys() == {*Poolers._fields} - {"password"}
    assert {key for key in member if member[key] != job[key]} == {"ca"}
    assert (member["ca"], job["ca"]) == ("/etc/ha-patroni/tls/ca.pem", "/etc/ha-settings/ca.pem")
    password = text(found, "main-pg-pooler-password")
    assert f'"ha_pooler" "{password}"' in text(found, "main-pooler-users")
    assert json.loads(text(found, "main-pg-settings-passwords"))["pooler"] == password
    one = container(found, platform, "main-pooler")
    assert one["args"][0] == "23", "longer than any change that a member makes"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_its_exporter_asks_every_replica_and_may_change_nothing(platform: str) -> None:
    found = registered(platform, pooler={"mode": "session"})
    told = json.loads(text(found, "main-pooler-exporter-told"))
    assert told.keys() == {*Poolers._fields} - {"password"}
    assert told["user"] == "ha_pooler_figures"
    password = text(found, "main-pooler-exporter-password")
    assert f'"ha_pooler_figures" "{password}"' in text(found, "main-pooler-users")
    assert "admin_users" not in text(found, "main-pooler-config")
    assert container(found, platform, "main-pooler-exporter")["args"][-1] == "9127"


@pytest.mark.parametrize(
    ("pooler", "seconds"), [({}, 3), ({"wait_timeout": "5s"}, 2), ({"pause": "10s"}, 10), ({"mode": "session"}, 0)]
)
def test_how_long_it_waits(pooler: dict[str, Any], seconds: int) -> None:
    settings = PostgresSettings.model_validate({"pooler": pooler})
    assert settings.pooler is not None
    assert settings.pooler.pauses == seconds


@pytest.mark.parametrize("platform", PLATFORMS)
def test_only_the_stacks_own_roles_may_come(platform: str) -> None:
    found = registered(
        platform,
        pooler={"pool_size": 10},
        databases={"more": {}},
        roles={"reader": {"grants": {"app": "read"}}, "all": {"login": False}},
    )
    lines = text(found, "main-pooler-users").splitlines()
    console = ['"ha_pooler"', '"ha_pooler_figures"']
    assert [line.split()[0] for line in lines] == ['"app"', '"more"', '"reader"', *console]
    assert len({line.split()[1] for line in lines}) == 5


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
        assert "SHOW VERSION" in one["livenessProbe"]["exec"]["command"][-1]
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
