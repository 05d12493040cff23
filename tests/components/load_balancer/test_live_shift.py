"""A route that divides its clients between two applications, through each real proxy."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests.components.load_balancer import http2
from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica
from tests.components.load_balancer.stacks import TLS, balancer

pytestmark = pytest.mark.live

REQUESTS, CLIENTS = 2_000, 4
SIGMA = 6
"""One run in five hundred million is farther from its mean than that."""
PARTS = (0, 1, 25, 60, 100)
FIRST, SECOND = ("127.0.0.31", "127.0.0.32"), ("127.0.0.41", "127.0.0.42")
NOBODY = {"haproxy": 503, "nginx": 502}
"""Where no replica of the client's side is left."""


def shifted(path: str, percent: int, cookie: str = "SHIFT", **more: Any) -> dict[str, Any]:
    return {"app": "web", "path": path, "shift": {"to": "next", "percent": percent, "cookie": cookie}, **more}


SETTINGS = balancer(
    routes=[
        *(shifted(f"/{percent}", percent) for percent in PARTS),
        {"app": "web", "path": "/own", "shift": {"to": "next", "percent": 50, "cookie": "OWN-one", "ttl": "2h"}},
        shifted("/strip", 50, rewrite="/inside"),
        shifted("/stay", 50, sticky={}),
        shifted("/limited", 50, rate_limit={"requests": 6, "period": "1m"}),
    ],
    **TLS | {"tls": {**TLS["tls"], "redirect": False}},
)


class Answer(NamedTuple):
    status: int
    replica: str
    path: str
    headers: Sequence[tuple[str, str]]

    @property
    def second(self) -> bool:
        assert self.status == 200
        return self.replica in SECOND

    def named(self, header: str) -> list[str]:
        return [value for name, value in self.headers if name.lower() == header]

    @property
    def number(self) -> int | None:
        """What the client is told to keep."""
        found = [re.match(r"SHIFT=(\d+); ", value) for value in self.named("set-cookie")]
        return next((int(one[1]) for one in found if one), None)


def ask(proxy: Proxy, path: str, cookies: Sequence[str | int | None]) -> list[Answer]:
    """One request after the other on one connection; a number is that of the cookie `SHIFT`."""
    connection = HTTPConnection("127.0.0.1", urlsplit(proxy.url).port or 80, timeout=30)
    answers = []
    for cookie in cookies:
        text = f"SHIFT={cookie}" if isinstance(cookie, int) else cookie
        connection.request("GET", path, headers={"Cookie": text} if text is not None else {})
        answer = connection.getresponse()
        body = answer.read()
        seen = httpx.Response(200, content=body).json() if answer.status == 200 else {}
        answers.append(Answer(answer.status, seen.get("replica", ""), seen.get("path", ""), answer.getheaders()))
    connection.close()
    return answers


def apps() -> dict[str, list[Replica]]:
    found: dict[str, list[Replica]] = {}
    for app, (one, other) in (("web", FIRST), ("next", SECOND)):
        first = Replica(one)
        found[app] = [first, Replica(other, first.port)]
    return found


@pytest.fixture(scope="module")
def behind(engine: str) -> dict[str, list[Replica]]:  # noqa: ARG001 - each has its own
    return apps()


@pytest.fixture(scope="module")
def proxy(
    engine: str, certificate: Path, behind: dict[str, list[Replica]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    where = tmp_path_factory.mktemp("proxy")
    with Proxy(where, SETTINGS, behind, certificate=certificate, engine=engine) as proxy:
        yield proxy
    for replica in (*behind["web"], *behind["next"]):
        replica.kill()


def test_the_part_of_new_clients_arrives_at_the_second_side(proxy: Proxy) -> None:
    each = [None] * (REQUESTS // CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = [one for some in threads.map(lambda _: ask(proxy, "/25", each), range(CLIENTS)) for one in some]
    assert len(answers) == REQUESTS
    arrived = sum(answer.second for answer in answers)
    assert abs(arrived - 0.25 * REQUESTS) <= SIGMA * math.sqrt(REQUESTS * 0.25 * 0.75)
    assert all(answer.second == (answer.number is not None and answer.number < 25) for answer in answers)
    numbers = Counter(answer.number for answer in answers)
    assert set(numbers) <= set(range(100))
    assert max(numbers.values()) <= 0.01 * REQUESTS + SIGMA * math.sqrt(REQUESTS * 0.01 * 0.99)
    assert {tuple(answer.named("cache-control")) for answer in answers} == {("private",)}


@pytest.mark.parametrize("percent", PARTS)
def test_a_greater_part_takes_over_and_nobody_back(proxy: Proxy, percent: int) -> None:
    """Of all clients that have a number, exactly those below the part are on the second side: at 0 and 100, too."""
    answers = ask(proxy, f"/{percent}", range(100))
    assert [number for number, answer in enumerate(answers) if answer.second] == [*range(percent)]
    assert {answer.number for answer in answers} == {None}, "who has a number keeps it"
    assert not any(answer.named("cache-control") for answer in answers)


@pytest.mark.parametrize("percent", [0, 100])
def test_nothing_and_all_are_exact(proxy: Proxy, percent: int) -> None:
    answers = ask(proxy, f"/{percent}", [None] * 300)
    assert {answer.second for answer in answers} == {percent == 100}
    assert not any(answer.named("set-cookie") for answer in answers), "nobody needs a number"


@pytest.mark.parametrize("cookie", ["SHIFT=100", "SHIFT=-1", "SHIFT=x", "SHIFT=", "SHIFTED=0", "shift=0"])
def test_what_is_no_number_is_replaced(proxy: Proxy, cookie: str) -> None:
    answers = ask(proxy, "/60", [cookie] * 40)
    assert {answer.second for answer in answers} == {True, False}
    assert all(answer.second == (answer.number is not None and answer.number < 60) for answer in answers)


def test_other_cookies_hide_no_number(proxy: Proxy) -> None:
    (first, second) = ask(proxy, "/25", ["a=b; SHIFT=25; c=d", "a=b; SHIFT=24; c=d"])
    assert (first.second, second.second) == (False, True)


def test_cookies_may_come_in_several_fields_over_http2(proxy: Proxy) -> None:
    for number, replicas in ((24, SECOND), (25, FIRST)):
        cookies = [("cookie", "a=b"), ("cookie", f"SHIFT={number}"), ("cookie", "c=d")]
        with http2.connected(proxy.https_url) as client:
            client.request(1, http2.head("GET", "/25", *cookies), end=True)
            body = b"".join(frame.payload for frame in client.frames(1))
        assert any(f'"{replica}"'.encode() in body for replica in replicas)


def test_a_websocket_is_opened_on_the_clients_side(proxy: Proxy, behind: dict[str, list[Replica]]) -> None:
    for number, app in ((0, "next"), (99, "web")):
        before = {name: sum(replica.seen["GET"] for replica in some) for name, some in behind.items()}
        connection = HTTPConnection("127.0.0.1", urlsplit(proxy.url).port or 80, timeout=30)
        hop = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Cookie": f"SHIFT={number}"}
        connection.request("GET", "/25/ws", headers=hop | key)
        assert connection.getresponse().status == 101
        connection.close()
        after = {name: sum(replica.seen["GET"] for replica in some) for name, some in behind.items()}
        assert {name for name in after if after[name] > before[name]} == {app}


def test_a_browser_stays_on_its_side(proxy: Proxy) -> None:
    for _ in range(6):
        with httpx.Client(base_url=proxy.url) as browser:
            first = browser.get("/60/page")
            assert len(browser.cookies) == 1
            sides = {browser.get("/60/page").json()["replica"] in SECOND for _ in range(10)}
            assert sides == {first.json()["replica"] in SECOND}
            number = int(browser.cookies["SHIFT"])
            for percent in PARTS:
                assert (browser.get(f"/{percent}").json()["replica"] in SECOND) == (number < percent), "one number"


def test_a_cookie_of_its_own(proxy: Proxy) -> None:
    (answer,) = ask(proxy, "/own", [99])
    (cookie,) = answer.named("set-cookie")
    assert re.fullmatch(r"OWN-one=\d+; Max-Age=7200; Path=/; HttpOnly; SameSite=Lax", cookie)
    assert [one.second for one in ask(proxy, "/own", ["OWN-one=49", "OWN-one=50"])] == [True, False]


def test_both_sides_get_the_same_path(proxy: Proxy) -> None:
    answers = ask(proxy, "/strip/x?y", [0, 99])
    assert [(answer.second, answer.path) for answer in answers] == [(True, "/inside/x?y"), (False, "/inside/x?y")]


@pytest.mark.parametrize("number", [0, 99])
def test_a_sticky_client_stays_at_one_replica_of_its_side(proxy: Proxy, number: int) -> None:
    with httpx.Client(base_url=proxy.url, cookies={"SHIFT": str(number)}) as client:
        served = {client.get("/stay").json()["replica"] for _ in range(8)}
    assert len(served) == 1
    assert served <= {*(SECOND if number == 0 else FIRST)}
    assert len({answer.replica for answer in ask(proxy, "/stay", [number] * 8)}) == 2


def test_a_rate_limit_counts_on_both_sides(proxy: Proxy) -> None:
    answers = ask(proxy, "/limited", [0, 99] * 3)
    assert {answer.status for answer in answers} == {200}
    assert {answer.second for answer in answers} == {True, False}
    over = ask(proxy, "/limited", [0, 99, None])
    assert {answer.status for answer in over} == {429}
    assert not any(answer.named("set-cookie") for answer in over)


def statuses(proxy: Proxy) -> tuple[list[int], list[int]]:
    """What clients of the second side get, and those of the first, at a quarter. Nobody is on the other side."""
    answers = ask(proxy, "/25", range(100))
    assert all(answer.second == (number < 25) for number, answer in enumerate(answers) if answer.status == 200)
    codes = [answer.status for answer in answers]
    return codes[:25], codes[25:]


@pytest.mark.parametrize("lost", ["next", "web"])
def test_a_side_without_replicas_takes_nothing_from_the_other(engine: str, tmp_path: Path, lost: str) -> None:
    behind = apps()
    with Proxy(tmp_path, balancer(routes=[shifted("/25", 25)]), behind, engine=engine) as proxy:
        assert statuses(proxy) == ([200] * 25, [200] * 75)
        behind[lost][0].kill()
        assert statuses(proxy) == ([200] * 25, [200] * 75), "the other replica of the side answers"
        behind[lost][1].kill()
        gone, left = statuses(proxy) if lost == "next" else statuses(proxy)[::-1]
        assert set(gone) == {NOBODY[engine]}
        assert set(left) == {200}
        proxy.offer(lost, [])
        wait_for(lambda: statuses(proxy) == (_at(lost, "next", engine) * 25, _at(lost, "web", engine) * 75), "no names")
        new = ask(proxy, "/25", [None] * 80)
        assert {answer.status for answer in new} == {200, NOBODY[engine]}
        assert all((answer.number is None) == (answer.status != 200) for answer in new), "who finds none draws again"
        for replica in behind[lost]:
            replica.restart()
        proxy.offer(lost, behind[lost])
        wait_for(lambda: statuses(proxy) == ([200] * 25, [200] * 75), "all is well again")
    for replica in (*behind["web"], *behind["next"]):
        replica.kill()


def _at(lost: str, app: str, engine: str) -> list[int]:
    return [NOBODY[engine] if app == lost else 200]
