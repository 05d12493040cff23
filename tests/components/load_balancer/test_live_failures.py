"""Replicas that die, fail or misbehave, behind each real proxy."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica

pytestmark = pytest.mark.live


MOST_ATTEMPTS = {"haproxy": 4, "nginx": 3}
"""At three replicas, with the default of three retries. nginx asks each of them once at most."""


def settings(**route: Any) -> dict[str, Any]:
    return {"listen": {"http": 80}, "routes": [{"app": "chat", **route}]}


def failed_gets_while_one_is_killed(proxy: Proxy, victim: Replica) -> int:
    """Eight clients send 25 requests each; the victim dies after 60. Returns how many were not answered with 200."""
    results: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=proxy.url, timeout=120) as client:
            for _ in range(25):
                try:
                    results.append(client.get("/?wait=0.05").status_code)
                except httpx.RemoteProtocolError:
                    results.append(0)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(results) >= 60, "60 answers")
    victim.kill()
    for thread in threads:
        thread.join()
    assert len(results) == 200
    return sum(status != 200 for status in results)


def test_a_killed_replica_fails_no_get(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}, engine=engine) as proxy:
        assert failed_gets_while_one_is_killed(proxy, replicas[0]) == 0
        # An engine that asks finds it itself; to another the platform says so, which asks by the application's probes.
        if not proxy.checks:
            proxy.offer("chat", replicas[1:])
        proxy.wait_until_served("chat", replicas[1:])
        replicas[0].restart()
        proxy.offer("chat", replicas)
        proxy.wait_until_served("chat", replicas)


def test_without_retries_a_killed_replica_fails_some(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(retries=None), {"chat": replicas}, engine=engine) as proxy:
        assert failed_gets_while_one_is_killed(proxy, replicas[0]) > 0


def test_a_post_is_never_sent_twice(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}, engine=engine) as proxy:
        for replica in replicas:
            replica.mode = "hang_up"
        answers = [httpx.post(proxy.url, content=b"pay", timeout=60).status_code for _ in range(10)]
        assert set(answers) == {502}
        assert sum(replica.seen["POST"] for replica in replicas) == 10
        assert httpx.get(proxy.url, timeout=60).status_code == 502
        assert sum(replica.seen["GET"] for replica in replicas) == MOST_ATTEMPTS[engine], "a GET is"


def test_a_post_that_was_not_sent_goes_elsewhere(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    patient = {"check": {"fall": 20}} if engine == "haproxy" else {}  # the dead replica stays in all the while
    with Proxy(tmp_path, settings(**patient), {"chat": replicas}, engine=engine) as proxy:
        replicas[0].kill()
        assert {proxy.client.post("/", content=b"pay").status_code for _ in range(9)} == {200}
        assert sum(replica.seen["POST"] for replica in replicas) == 9


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("body", [b"", b"x"], ids=["no body", "a body"])
def test_no_other_method_is_sent_twice(
    engine: str, replicas: list[Replica], tmp_path: Path, method: str, body: bytes
) -> None:
    """To nginx they are safe, unless it is told otherwise."""
    with Proxy(tmp_path, settings(), {"chat": replicas}, engine=engine) as proxy:
        for replica in replicas:
            replica.mode = "hang_up"
        request = httpx.Request(method, proxy.url, content=body or None)
        answers = {httpx.Client().send(request).status_code for _ in range(3)}
        assert answers == {502}
        assert sum(replica.seen[method] for replica in replicas) == 3


@pytest.mark.usefixtures("haproxy")
def test_active_check_ejects_and_returns(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}) as proxy:
        replicas[1].healthy = False
        wait_for(lambda: proxy.up("chat") == 2, "ejected")
        served = {proxy.client.get("/").json()["replica"] for _ in range(9)}
        assert served == {replicas[0].address, replicas[2].address}
        replicas[1].healthy = True
        wait_for(lambda: proxy.up("chat") == 3, "returned")


@pytest.mark.usefixtures("haproxy")
@pytest.mark.parametrize("ejection", [{"errors": 3}, None], ids=["on", "off"])
def test_passive_ejection(replicas: list[Replica], tmp_path: Path, ejection: dict[str, int] | None) -> None:
    slow_return = {"rise": 20}
    with Proxy(tmp_path, settings(check=slow_return, ejection=ejection), {"chat": replicas}) as proxy:
        if ejection:
            proxy.wait_until_up("ejecting_chat", 3)
        replicas[1].mode = "error"
        if not ejection:
            assert Counter(proxy.client.get("/").status_code for _ in range(30))[500] == 10
            return
        failed = 0

        def taken_out() -> bool:
            nonlocal failed
            failed += proxy.client.get("/").status_code == 500
            return proxy.up("ejecting_chat") == 2

        # HAProxy takes a server out in another task than the one that answers: a few more requests may reach it.
        wait_for(taken_out, "it is taken out")
        assert failed >= 3
        assert {proxy.client.get("/").status_code for _ in range(30)} == {200}
        assert proxy.up("chat") == 3, "the checks find no fault"


@pytest.mark.usefixtures("haproxy")
@pytest.mark.parametrize("ejection", [{"errors": 3}, None], ids=["on", "off"])
def test_a_page_that_always_fails_takes_no_other_page_along(
    replicas: list[Replica], tmp_path: Path, ejection: dict[str, int] | None
) -> None:
    slow_return = {"rise": 20}
    with Proxy(tmp_path, settings(check=slow_return, ejection=ejection), {"chat": replicas[:2]}) as proxy:
        if ejection:
            proxy.wait_until_up("ejecting_chat", 2)
        assert {proxy.client.get("/boom").status_code for _ in range(20)} == {500}
        wait_for(lambda: not ejection or proxy.up("ejecting_chat") == 0, "both were taken out")
        assert {proxy.client.get("/fine").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(("on", "runs"), [(["connect_failure", "empty_response", 503], 1), (["response_timeout"], 4)])
def test_slow_work_runs_once_unless_the_stack_file_says_otherwise(
    engine: str, replicas: list[Replica], tmp_path: Path, on: list[str | int], runs: int
) -> None:
    default = {} if runs == 1 else {"retries": {"on": on}}
    timeouts = {"connect": "300ms", "response": "1s"}
    with Proxy(tmp_path, settings(timeouts=timeouts, **default), {"chat": replicas}, engine=engine) as proxy:
        assert list(proxy.settings.routes[0].retries.on) == on  # type: ignore[union-attr]
        assert proxy.client.get("/?wait=2").status_code == 504
        assert sum(replica.seen["GET"] for replica in replicas) == min(runs, MOST_ATTEMPTS[engine])


def test_sticky_client_moves_when_its_replica_dies(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(sticky={}), {"chat": replicas}, engine=engine) as proxy:
        home = proxy.client.get("/").json()["replica"]
        next(replica for replica in replicas if replica.address == home).kill()
        moved = [proxy.client.get("/").json()["replica"] for _ in range(6)]
        assert home not in moved
        proxy.offer("chat", [replica for replica in replicas if replica.address != home])
        if proxy.checks:
            proxy.wait_until_up("chat", 2)
        after = [proxy.client.get("/").json()["replica"] for _ in range(6)]
        assert len(set(after)) == 1, "it stays where it moved to"


def test_cookies_mean_the_same_to_every_proxy(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        Proxy(tmp_path / "one", settings(sticky={}), {"chat": replicas}, engine=engine) as one,
        Proxy(tmp_path / "two", settings(sticky={}), {"chat": replicas[::-1]}, engine=engine) as two,
    ):
        first = one.client.get("/")
        cookie = {"Cookie": f"SERVER={first.cookies['SERVER']}"}
        served = {httpx.get(two.url, headers=cookie, timeout=60).json()["replica"] for _ in range(6)}
        assert served == {first.json()["replica"]}


def test_replicas_are_followed_by_dns(engine: str, replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}, engine=engine) as proxy:
        proxy.offer("chat", replicas[:2])
        proxy.wait_until_served("chat", replicas[:2])
        new = Replica("127.0.0.14", replicas[0].port)
        proxy.offer("chat", [*replicas[:2], new])
        proxy.wait_until_served("chat", [*replicas[:2], new])
        new.kill()
