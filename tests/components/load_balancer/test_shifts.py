"""A route that divides its clients, as each engine renders it, and who else learns of its second side."""

import re
from typing import Any

import pytest

from components.load_balancer.kind import BALANCERS
from components.load_balancer.nginx import shifts
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from tests.components.load_balancer.stacks import TLS, balancer, config, offered, section, with_route


def shifted(percent: int = 25, **more: Any) -> dict[str, Any]:
    return {"shift": {"to": "next", "percent": percent, **more}}


def engine_config(engine: str, settings: dict[str, Any]) -> str:
    return config(offered(engine, settings) | {"engine": engine})


def asked(engine: str, text: str) -> set[str]:
    """The names by which replicas are found."""
    expression = {"haproxy": r"server-template \w+ \d+ (\S+):", "nginx": r"server (\S+):\d+ resolve"}[engine]
    return set(re.findall(expression, text))


@pytest.mark.parametrize("engine", ["haproxy", "nginx"])
@pytest.mark.parametrize(("percent", "apps"), [(0, {"chat"}), (1, {"chat", "next"}), (100, {"next"})])
def test_a_side_that_gets_nothing_is_not_there(engine: str, percent: int, apps: set[str]) -> None:
    text = engine_config(engine, with_route(**shifted(percent)))
    assert asked(engine, text) == {f"tasks.{app}" for app in apps}
    assert ("SHIFT" in text) == (len(apps) == 2), "and no client is given a number for nothing"


@pytest.mark.parametrize("engine", ["haproxy", "nginx"])
def test_a_route_without_a_shift_renders_as_one_at_nothing(engine: str) -> None:
    assert engine_config(engine, with_route()) == engine_config(engine, with_route(**shifted(0)))


@pytest.mark.parametrize("engine", ["haproxy", "nginx"])
@pytest.mark.parametrize(
    ("settings", "cookie"),
    [
        (with_route(**shifted()), "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"),
        (with_route(**shifted(ttl="60s", same_site="strict")), "Max-Age=60; Path=/; HttpOnly; SameSite=Strict"),
        ({**with_route(**shifted()), **TLS}, "Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax"),
        (
            {**with_route(**shifted(same_site="none")), "trusted_proxies": ["10.0.0.0/8"]},
            "Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=None",
        ),
    ],
    ids=["usual", "own", "HTTPS alone", "for other sites"],
)
def test_the_cookie(engine: str, settings: dict[str, Any], cookie: str) -> None:
    number = {"haproxy": "%[var(txn.draw0)]", "nginx": "$draw_0"}[engine]
    assert f'"SHIFT={number}; {cookie}"' in engine_config(engine, settings)


@pytest.mark.parametrize("percent", range(1, 100))
def test_the_expression_of_a_part_matches_so_many_numbers(percent: int) -> None:
    expression = re.compile(shifts.below(percent).removeprefix("~"))
    assert [number for number in range(100) if expression.search(str(number))] == [*range(percent)]


def test_nginx_draws_from_a_hundred_equal_parts() -> None:
    parts = shifts.PARTS.removesuffix(";").split("; ")
    assert parts == [*(f"1% {number}" for number in range(99)), "* 99"]


@pytest.mark.parametrize(
    ("cookies", "number"),
    [
        ("SHIFT=7", "7"),
        ("a=b; SHIFT=99", "99"),
        ("a=b;SHIFT=0;c=d", "0"),
        ("SHIFT=100", None),
        ("SHIFT=07", None),
        ("SHIFT=-1", None),
        ("SHIFT=", None),
        ("XSHIFT=7", None),
        ("shift=7", None),
        ("SHIFT=7x", None),
    ],
)
def test_nginx_reads_the_number_of_the_cookie(cookies: str, number: str | None) -> None:
    expression = shifts.Draw(index=0, cookie="SHIFT").kept.removeprefix("~").replace("(?<", "(?P<")
    found = re.search(expression, cookies)
    assert (found["its_draw_0"] if found else None) == number


def test_both_sides_have_everything_of_the_route() -> None:
    """All that the template says of a backend, but for its replicas and who they are."""
    route = {
        "path": "/api",
        "rewrite": "/",
        "closed": ["/metrics"],
        "balance": "least_conn",
        "sticky": {},
        "cors": {"origins": ["*"]},
        "headers": {"request": {"set": {"X-A": "a"}}, "response": {"set": {"X-B": "b"}}},
        "max_body": "1Ki",
        "max_per_replica": 3,
        "retries": {"attempts": 2},
        "timeouts": {"connect": "300ms", "response": "9s", "stream": "8s", "queue": "7s"},
        "check": {"path": "/ok", "interval": "2s", "fall": 3},
    }
    text = config(with_route(**route, **shifted()))
    first, second = section(text, "backend chat:api"), section(text, "backend shift_next:api")
    assert [line.replace("tasks.next", "tasks.chat").replace("Host next", "Host chat") for line in second] == first
    assert second != first


def test_nginx_gives_both_sides_one_place() -> None:
    """So what its locations say holds for both; the groups of replicas differ in their names alone."""
    text = config({"engine": "nginx", **with_route(balance="least_conn", sticky={}, **shifted())})
    groups = re.findall(r"    upstream (\w+) \{\n(.*?)\n    \}", text, re.DOTALL)
    assert [name for name, _ in groups] == ["r0", "r0_shift"]
    assert groups[1][1].replace("r0_shift", "r0").replace("tasks.next", "tasks.chat") == groups[0][1]
    assert set(re.findall(r"proxy_pass http://(\S+)\$request_uri;", text)) == {"$side_r0"}


@pytest.mark.parametrize(("percent", "table"), [(25, "chat"), (100, "shift_next")])
def test_both_sides_count_in_one_table(percent: int, table: str) -> None:
    text = config(with_route(rate_limit={"requests": 5, "period": "1m"}, ejection={}, **shifted(percent)))
    assert text.count("stick-table") == 1
    assert any(line.startswith("stick-table") for line in section(text, f"backend {table}"))
    assert set(re.findall(r"track-sc0 src table (\S+)", text)) == {table}


def test_ejection_leaves_the_last_replica_of_each_side() -> None:
    lines = [
        line for line in section(config(with_route(ejection={}, **shifted())), "frontend public") if "use_" in line
    ]
    part = "{ var(txn.draw0) -m int lt 25 }"
    assert lines == [
        f"use_backend ejecting_shift_next if {part} {{ nbsrv(ejecting_shift_next) gt 0 }}",
        f"use_backend shift_next if {part}",
        "use_backend ejecting_chat if { nbsrv(ejecting_chat) gt 0 }",
        "use_backend chat",
    ]


@pytest.mark.parametrize(("engine", "drawn"), [("haproxy", r"rand\(100\)"), ("nginx", "split_clients")])
def test_routes_share_a_number_by_the_name_of_its_cookie(engine: str, drawn: str) -> None:
    one: dict[str, Any] = {"app": "chat", **shifted()}
    own: dict[str, Any] = {"app": "chat", "path": "/own", "shift": {"to": "next", "percent": 5, "cookie": "OWN"}}
    routes = [one, {**one, "path": "/x"}, own, {**one, "path": "/off", "shift": {**own["shift"], "percent": 0}}]
    assert len(re.findall(drawn, engine_config(engine, balancer(routes=routes)))) == 2


@pytest.mark.parametrize("engine", ["haproxy", "nginx"])
def test_the_order_of_routes_means_nothing(engine: str) -> None:
    routes = [
        {"app": "chat", **shifted()},
        {"app": "chat", "path": "/x", **shifted(5, cookie="B")},
        {"app": "other", "path": "/y", **shifted(7, cookie="A")},
    ]
    texts = {engine_config(engine, balancer(routes=each)) for each in (routes, routes[::-1])}
    assert len(texts) == 1


def test_whoever_asks_for_applications_learns_of_both() -> None:
    settings = LoadBalancerSettings.model_validate(with_route(**shifted(0)))
    assert settings.apps == ("chat", "next")
    assert [(one.key, one.name) for one in BALANCERS.uses(settings)] == [
        ("routes[0].app", "chat"), ("routes[0].shift.to", "next"),
    ]  # fmt: skip


@pytest.mark.parametrize(("percent", "apps"), [(0, ["chat"]), (1, ["chat", "next"]), (100, ["next"])])
def test_who_answers(percent: int, apps: list[str]) -> None:
    route = Route.model_validate({"app": "chat", **shifted(percent)})
    assert [side.app for side in route.answering] == apps
    assert [side.app for side in route.sides] == ["chat", "next"]
