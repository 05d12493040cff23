"""Another password for the roles of a cluster: what is refused, what is registered, and who waits for whom."""

from functools import cache
from typing import Any

import pytest

from cli.errors import CommandError
from cli.fixed import check_fixed
from components.postgres_ha.files import retire_logins
from components.postgres_ha.files.logins import number_of
from components.postgres_ha.files.members import Answer, Failed, Member
from components.postgres_ha.files.orders import check as check_order
from components.postgres_ha.files.retire_logins import Retirement
from components.postgres_ha.files.scram import verifier
from components.postgres_ha.files.sql import NotYet
from composition.read import check
from composition.stack import Stack
from settings.faults import BrokenStack
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

APPS: dict[str, Any] = {
    "web": {"image": "registry.example.com/web:1", "port": 8000, "uses": {"main": "DATABASE"}, "longest_request": "4m"},
    "jobs": {"image": "registry.example.com/jobs:1", "port": 8001, "uses": {"main/figures": "FIGURES"}},
    "other": {"image": "registry.example.com/other:1", "port": 8002},
}
MAIN: dict[str, Any] = {
    "max_connections": 200,
    "pooler": {},
    "databases": {"figures": {}},
    "roles": {"reader": {"grants": {"app": "read"}}, "readers": {"login": False}},
}
ROTATED = "main-pg-rotated"


@cache
def registered(platform: str, counter: int) -> dict[tuple[str, str], Recorded]:
    """Of a stack with this counter; 0: it has none."""
    rotate = {"rotate": {"passwords": counter}} if counter else {}
    document = {"platform": PLATFORMS[platform], "databases": {"main": MAIN | rotate}, "apps": APPS}
    return {(one.type, one.name): one for one in accepted(document, secrets={})}


def value(platform: str, counter: int, name: str) -> str:
    return text([*registered(platform, counter).values()], name)


def stack(rotate: int = 1, **main: Any) -> Stack:
    document = {
        "platform": PLATFORMS["swarm"],
        "databases": {"main": MAIN | {"rotate": {"passwords": rotate}} | main},
    }
    return check(document, source="test", secret_names=frozenset())


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_first_counter_is_as_none(platform: str) -> None:
    assert registered(platform, 1) == registered(platform, 0)
    assert not [name for _, name in registered(platform, 0) if ROTATED in name]
    assert "logins" not in value(platform, 0, "main-pg-settings-wanted")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_another_counter_is_another_user_with_another_password_for_the_same_role(platform: str) -> None:
    for counter, user, word in ((1, "app", "main-owner"), (2, "app_2", "main-owner.2"), (3, "app_3", "main-owner.3")):
        assert value(platform, counter, "main-url").startswith(f"postgresql://{user}:generated-{word}@")
    assert value(platform, 2, "main-db-figures-url").startswith("postgresql://figures_2:generated-main-role-figures.2@")
    assert value(platform, 2, "main-role-reader-app-password") == "generated-main-role-reader.2"
    wanted = value(platform, 2, "main-pg-settings-wanted")
    assert '"app": "app"' in wanted, "the owner is who it was"


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_raised_counter_touches_no_server(platform: str) -> None:
    before, after = registered(platform, 2), registered(platform, 3)
    touched = {key[1] for key, one in after.items() if key not in before or one.inputs != before[key].inputs}
    contracts = {"main-url", "main-password", "main-pooler-url", "main-db-figures-url", "main-db-figures-password"}
    contracts |= {"main-db-figures-pooler-url"} | {
        f"main-role-reader-app-{each}" for each in ("url", "password", "pooler-url")
    }
    jobs = {f"main-pg-settings{each}" for each in ("", "-wanted", "-passwords")} | {ROTATED, f"{ROTATED}-wanted"}
    made = {f"main-{each}.3" for each in ("owner", "role-figures", "role-reader")}
    assert touched - made == contracts | jobs | {"main-pooler-users", "main-pooler", "web", "jobs"}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_former_passwords_go_when_every_client_has_the_new_ones(platform: str) -> None:
    found = registered(platform, 2)
    by_name = {one.name: one for one in found.values() if one.type.endswith(WORKLOADS)}
    assert {"main-pg-settings", "web", "jobs"} <= {*by_name[ROTATED].depends_on}
    assert "other" not in by_name[ROTATED].depends_on
    for client in ("web", "jobs", "main-pooler"):
        assert ROTATED not in by_name[client].depends_on
    for client in ("web", "jobs"):
        assert {"main-pg-settings", "main-pooler"} <= {*by_name[client].depends_on}
    assert '"seconds": 375' in value(platform, 2, f"{ROTATED}-wanted"), "and four minutes for the last request"


@pytest.mark.parametrize(("platform", "word"), [("kubernetes", "web-report"), ("swarm", "web-report-clock-0")])
def test_work_by_the_clock_has_the_new_ones_before_the_former_go(platform: str, word: str) -> None:
    web = APPS["web"] | {"schedules": {"report": {"command": ["report"], "at": "0 3 * * *"}}}
    document = {
        "platform": PLATFORMS[platform],
        "databases": {"main": MAIN | {"rotate": {"passwords": 2}}},
        "apps": {"web": web},
    }
    kind = {"kubernetes": ":CronJob", "swarm": ":Service"}[platform]
    found = accepted(document, secrets={})
    (rotated,) = (one for one in found if one.name == ROTATED and one.type.endswith((":Job", ":Service")))
    assert word in {one.name for one in found if one.type.endswith(kind)} & {*rotated.depends_on}


@pytest.mark.parametrize("rest", ["prepared", "required"])
def test_where_patroni_asks_for_a_certificate_the_job_has_its_own(rest: str) -> None:
    document = {
        "platform": PLATFORMS["swarm"],
        "databases": {"main": MAIN | {"rotate": {"passwords": 2}, "tls": {"rest": rest}}},
    }
    found = {one.name: one for one in accepted(document, secrets={})}
    for job, directory in (("main-pg-settings", "/etc/ha-settings"), (ROTATED, "/etc/ha-rotation")):
        spec = found[job].inputs["taskSpec"]["containerSpec"]
        names = {one["fileName"]: one["secretName"] for one in spec["secrets"]}
        assert f"{job}-identity-" in names[f"{directory}/identity.pem"]
        assert spec["env"]["HA_REST_TLS"] == directory
        assert spec["env"]["HA_REST_SCHEME"] == {"prepared": "http", "required": "https"}[rest]
        assert f"{directory}/scripts/switchover.py" in {one["fileName"] for one in spec["configs"]}


WORKLOADS = ("/service:Service", ":Deployment", ":Job")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_pooler_lets_in_who_was_not_replaced_yet(platform: str) -> None:
    assert value(platform, 3, "main-pooler-users").splitlines() == [
        f'"{role}_{counter}" "generated-main-{word}.{counter}"'
        for counter in (3, 2)
        for role, word in (("app", "owner"), ("figures", "role-figures"), ("reader", "role-reader"))
    ] + [
        '"ha_pooler" "generated-main-pooler-console"',
        '"ha_pooler_figures" "generated-main-pooler-figures"',
    ], "and the pooler's own users, whose passwords stay"


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_the_pooler_does_not_keep_a_former_user_s_connections(platform: str) -> None:
    assert "server_idle_timeout = 60" in value(platform, 2, "main-pooler-config")
    assert "server_idle_timeout" not in value(platform, 1, "main-pooler-config")


def test_a_counter_that_goes_back_is_refused_before_anything_changes() -> None:
    state = [{"type": one.type, "outputs": one.outputs} for one in registered("swarm", 3).values()]
    check_fixed(stack(3), state)
    check_fixed(stack(4), state)
    for lower in (2, 1):
        with pytest.raises(CommandError) as refused:
            check_fixed(stack(lower), state)
        assert str(refused.value) == (
            f"ha-platform:stack.databases.main.rotate.passwords: is {lower}, and "
            "was 3: the counter never goes back. Write 3, or 4 for another rotation."
        )


@pytest.mark.parametrize(
    ("database", "path", "rule"),
    [
        ({"rotate": {"passwords": 0}}, "main.rotate.passwords", "should be greater than or equal to 1"),
        ({"rotate": {"passwords": "2"}}, "main.rotate.passwords", "should be a valid integer"),
        ({"rotate": {"password": 2}}, "main.rotate.password", "is not a known key"),
        (
            {"rotate": {"passwords": 2}, "roles": {"app_2": {}}},
            "main",
            "`rotate.passwords` makes logins called `app` with a number behind it, and `app_2` is in the file",
        ),
        (
            {"external": {"host": "db.example.com", "password": "key", "user": "u"}, "rotate": {"passwords": 2}},
            "main",
            "`rotate`: for a store that the stack runs, and somebody else runs what `external` names",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(database: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(BrokenStack) as refused:
        check(
            {"platform": PLATFORMS["swarm"], "databases": {"main": database}},
            source="test",
            secret_names=frozenset({"key"}),
        )
    faults = {fault.path: fault.rule for fault in refused.value.faults}
    assert rule in faults[f"ha-platform:stack.databases.{path}"], faults


def test_a_login_says_which_password_it_has() -> None:
    assert [number_of(each, "app") for each in ("app", "app_2", "app_9999")] == [1, 2, 9999]
    for name in ("app_1", "app_02", "app_2x", "other_2", "app_10000", 'app_2"'):
        with pytest.raises(ValueError, match="is no login"):
            number_of(name, "app")


ORDER: dict[str, Any] = {
    "first": "app",
    "databases": {"app": "app"},
    "logins": {"app": "app_2"},
    "verifiers": {"app_2": verifier("app_2", "x")},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"logins": {"app": "postgres"}}, "is no login of 'app'"),
        ({"logins": {"app": 'app_2" SUPERUSER --'}}, "is no login of 'app'"),
        ({"logins": {"boss": "boss_2"}}, "nothing in it explains: "),
        ({"logins": {"app": "app_3"}}, "nothing in it explains: app_2"),
        ({"retire": {"pg_monitor": "pg_monitor_2"}, "logins": {}}, "nothing in it explains"),
    ],
)
def test_what_no_stack_says_is_not_carried_out(change: dict[str, Any], words: str) -> None:
    if not words:
        check_order(ORDER, superusers=["postgres"])
        check_order({"retire": {"app": "app_2"}}, superusers=["postgres"])
        return
    with pytest.raises(ValueError, match=words):
        check_order(ORDER | change, superusers=["postgres"])


def test_nobody_takes_away_the_superuser_or_the_cluster_s_own_roles() -> None:
    for role in ("postgres", "replicator", "pg_monitor", "ha_settings"):
        with pytest.raises(ValueError, match="is none that a stack file can have"):
            check_order({"retire": {role: f"{role}_2"}}, superusers=["postgres"])
    with pytest.raises(ValueError, match="is a superuser"):
        check_order({"retire": {"boss": "boss_2"}}, superusers=["postgres", "boss"])


class Server:
    """Two members; `used` are the sessions of former logins on each, and a look at them makes them fewer."""

    def __init__(self, used: dict[str, list[str]], logins: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.used, self.logins, self.placed = used, logins, list[str]()
        monkeypatch.setattr(Member, "rest", lambda *_, **__: Answer(200, ""))
        monkeypatch.setattr(Member, "query", lambda member, sql: self._query(member, sql))
        monkeypatch.setattr(Member, "refused", lambda _, sql: self._place(sql))
        monkeypatch.setattr(retire_logins, "POLL_SECONDS", 0)

    def _place(self, sql: str) -> str:
        self.placed.append(sql)
        return ""

    def _query(self, member: Member, sql: str) -> list[tuple[str, str]]:
        if "orders" in sql:
            self.logins.pop("app", None)
            return [('{"done": ["role app does not log in any more"]}', "")]
        if "client_addr" in sql:
            if not (there := self.used[member.name]):
                return []
            if there[0] == "silent":
                raise NotYet(f"{member.name} does not answer")
            return [("app", there.pop(0))]
        return [*self.logins.items()] if "pg_roles" in sql else []


def retired(**more: Any) -> None:
    wanted = {
        "origin": "here",
        "psql": "psql",
        "quiet": 0,
        "stop": 0,
        "seconds": 0.2,
        "logins": {"app": "app_2"},
    } | more
    members = {"main-pg-0": "one", "main-pg-1": "two"}
    Retirement(wanted | {"members": members}, {"settings": "", "rest_api": ""}).apply()


BOTH = {"app": "login\t", "app_2": "login\tha-platform: a login of app"}


def test_the_job_waits_for_clients_of_every_member(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"main-pg-0": ["10.0.0.1"], "main-pg-1": ["10.0.0.2"] * 3}, {**BOTH}, monkeypatch)
    retired()
    assert not any(server.used.values())
    assert len(server.placed) == 1


def test_what_was_done_is_told_also_when_it_is_found_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The primary carries an order out between two looks."""

    class Later(Server):
        def _query(self, member: Member, sql: str) -> list[tuple[str, str]]:
            first = "orders" in sql and "app" in self.logins
            said = super()._query(member, sql)
            return [("", "")] if first else said

    Later({"main-pg-0": [], "main-pg-1": []}, {**BOTH}, monkeypatch)
    retired()
    assert capsys.readouterr().out.splitlines() == [
        "here: role app does not log in any more",
        "here: the former passwords are refused",
    ]


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (["10.0.0.9 as report"] * 10**6, "connected: app from 10.0.0.9 as report"),
        (["silent"], "main-pg-1 does not answer"),
    ],
)
def test_the_job_ends_with_who_is_there(monkeypatch: pytest.MonkeyPatch, used: list[str], words: str) -> None:
    server = Server({"main-pg-0": [], "main-pg-1": used}, {**BOTH}, monkeypatch)
    with pytest.raises(Failed, match=f"here.rotate: the former passwords still hold, after 0.2 s: {words}"):
        retired()
    assert server.placed == []


def test_nobody_is_seen_for_a_while_before_anything_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"main-pg-0": [], "main-pg-1": []}, {**BOTH}, monkeypatch)
    for more in ({"quiet": 60}, {"stop": 60}):
        with pytest.raises(Failed, match="nobody uses app, which has to hold for"):
            retired(**more)
    assert server.placed == []


def test_nothing_is_taken_before_the_new_login_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"main-pg-0": [], "main-pg-1": []}, {"app": "login\t"}, monkeypatch)
    with pytest.raises(Failed, match="role app_2 is not there"):
        retired()
    assert server.placed == []


def test_there_is_nothing_to_do_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"main-pg-0": ["silent"]}, {**BOTH, "app": "\t"}, monkeypatch)
    retired()
    assert server.placed == []
