"""Replicas that die, fail or misbehave, behind a real haproxy."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.components.load_balancer.proxy import Proxy, wait_for
from tests.components.load_balancer.replica import Replica

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("haproxy")]


def settings(**route: Any) -> dict[str, Any]:
    return {"listen": {"http": 80}, "routes": [{"app": "chat", **route}]}


def failed_gets_while_one_is_killed(proxy: Proxy, victim: Replica) -> int:
    """Eight clients send 25 requests each; the victim dies after 60. Returns how many were not answered with 200."""
    results: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=proxy.url, timeout=20) as client:
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


def test_a_killed_replica_fails_no_get(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}) as proxy:
        assert failed_gets_while_one_is_killed(proxy, replicas[0]) == 0
        wait_for(lambda: proxy.up("chat") == 2, "the check takes the dead replica out")
        replicas[0].restart()
        wait_for(lambda: proxy.up("chat") == 3, "the check brings it back")


def test_without_retries_a_killed_replica_fails_some(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(retries=None), {"chat": replicas}) as proxy:
        assert failed_gets_while_one_is_killed(proxy, replicas[0]) > 0


def test_a_post_is_never_sent_twice(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}) as proxy:
        for replica in replicas:
            replica.mode = "hang_up"
        answers = [httpx.post(proxy.url, content=b"pay").status_code for _ in range(10)]
        assert set(answers) == {502}
        assert sum(replica.seen["POST"] for replica in replicas) == 10
        assert httpx.get(proxy.url).status_code == 502
        assert sum(replica.seen["GET"] for replica in replicas) == 4, "a GET is: one attempt and three retries"


def test_a_post_that_was_not_sent_goes_elsewhere(replicas: list[Replica], tmp_path: Path) -> None:
    patient = {"fall": 20}  # the dead replica stays in all the while
    with Proxy(tmp_path, settings(check=patient), {"chat": replicas}) as proxy:
        replicas[0].kill()
        assert {proxy.client.post("/", content=b"pay").status_code for _ in range(9)} == {200}
        assert sum(replica.seen["POST"] for replica in replicas) == 9


def test_active_check_ejects_and_returns(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}) as proxy:
        replicas[1].healthy = False
        wait_for(lambda: proxy.up("chat") == 2, "ejected")
        served = {proxy.client.get("/").json()["replica"] for _ in range(9)}
        assert served == {replicas[0].address, replicas[2].address}
        replicas[1].healthy = True
        wait_for(lambda: proxy.up("chat") == 3, "returned")


@pytest.mark.parametrize("ejection", [{"errors": 3}, None], ids=["on", "off"])
def test_passive_ejection(replicas: list[Replica], tmp_path: Path, ejection: dict[str, int] | None) -> None:
    slow_return = {"rise": 20}
    with Proxy(tmp_path, settings(check=slow_return, ejection=ejection), {"chat": replicas}) as proxy:
        if ejection:
            proxy.wait_until_up("ejecting_chat", 3)
        replicas[1].mode = "error"
        codes = Counter(proxy.client.get("/").status_code for _ in range(30))
        assert codes[500] == (3 if ejection else 10)
        assert proxy.up("chat") == 3, "the checks find no fault"
        assert not ejection or proxy.up("ejecting_chat") == 2


@pytest.mark.parametrize("ejection", [{"errors": 3}, None], ids=["on", "off"])
def test_a_page_that_always_fails_takes_no_other_page_along(
    replicas: list[Replica], tmp_path: Path, ejection: dict[str, int] | None
) -> None:
    slow_return = {"rise": 20}
    with Proxy(tmp_path, settings(check=slow_return, ejection=ejection), {"chat": replicas[:2]}) as proxy:
        if ejection:
            proxy.wait_until_up("ejecting_chat", 2)
        assert {proxy.client.get("/boom").status_code for _ in range(20)} == {500}
        assert not ejection or proxy.up("ejecting_chat") == 0, "both were taken out"
        assert {proxy.client.get("/fine").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(("on", "runs"), [(["connect_failure", "empty_response", 503], 1), (["response_timeout"], 4)])
def test_slow_work_runs_once_unless_the_stack_file_says_otherwise(
    replicas: list[Replica], tmp_path: Path, on: list[str | int], runs: int
) -> None:
    default = {} if runs == 1 else {"retries": {"on": on}}
    with Proxy(tmp_path, settings(timeouts={"response": "1s"}, **default), {"chat": replicas}) as proxy:
        assert list(proxy.settings.routes[0].retries.on) == on  # type: ignore[union-attr]
        assert proxy.client.get("/?wait=2").status_code == 504
        assert sum(replica.seen["GET"] for replica in replicas) == runs


def test_sticky_client_moves_when_its_replica_dies(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(sticky={}), {"chat": replicas}) as proxy:
        home = proxy.client.get("/").json()["replica"]
        next(replica for replica in replicas if replica.address == home).kill()
        moved = [proxy.client.get("/").json()["replica"] for _ in range(6)]
        assert home not in moved
        wait_for(lambda: proxy.up("chat") == 2, "the dead replica is out")
        after = [proxy.client.get("/").json()["replica"] for _ in range(6)]
        assert len(set(after)) == 1, "it stays where it moved to"


def test_cookies_mean_the_same_to_every_proxy(replicas: list[Replica], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        Proxy(tmp_path / "one", settings(sticky={}), {"chat": replicas}) as one,
        Proxy(tmp_path / "two", settings(sticky={}), {"chat": replicas[::-1]}) as two,
    ):
        first = one.client.get("/")
        cookie = {"Cookie": f"SERVER={first.cookies['SERVER']}"}
        served = {httpx.get(two.url, headers=cookie).json()["replica"] for _ in range(6)}
        assert served == {first.json()["replica"]}


def test_replicas_are_followed_by_dns(replicas: list[Replica], tmp_path: Path) -> None:
    with Proxy(tmp_path, settings(), {"chat": replicas}) as proxy:
        proxy.offer("chat", replicas[:2])
        wait_for(lambda: proxy.up("chat") == 2, "a replica that left DNS gets no requests")
        assert replicas[2].address not in {proxy.client.get("/").json()["replica"] for _ in range(6)}
        new = Replica("127.0.0.14", replicas[0].port)
        proxy.offer("chat", [*replicas[:2], new])
        wait_for(lambda: proxy.up("chat") == 3, "a new one does")
        wait_for(lambda: new.seen["GET"] > 0 or not proxy.client.get("/"), "and serves")
        new.kill()
