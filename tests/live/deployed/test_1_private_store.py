"""The consensus store answers nobody but its members and PostgreSQL; monitoring reads its figures."""

import json

import pytest

from drills.site import Site

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]
CLIENTS, PEERS, FIGURES = 2379, 2380, 2381

_CONNECT = """\
import concurrent.futures, json, socket, sys
def connects(target):
    try:
        socket.create_connection(target, 3).close()
    except OSError:
        return False
    return True
with concurrent.futures.ThreadPoolExecutor(9) as threads:
    print(json.dumps(list(threads.map(connects, map(tuple, json.loads(sys.argv[1]))))))
"""


@pytest.mark.parametrize("site", [pytest.param("swarm", marks=pytest.mark.swarm)], indirect=True)
def test_only_postgresql_and_monitoring_reach_the_store(site: Site) -> None:
    """On Kubernetes this is a NetworkPolicy: `test_1_connections.py` tries every pair."""
    (store,) = site.replicas("main-etcd-0")
    addresses = site.run_in(store, ["hostname", "-i"]).split()

    def reached(word: str, *ports: int) -> list[bool]:
        """By name and by each address."""
        targets = [(host, port) for host in ("live-main-etcd-0", *addresses) for port in ports]
        found: list[bool] = json.loads(
            site.run_in(site.replicas(word)[0], ["python3", "-c", _CONNECT, json.dumps(targets)])
        )
        return found

    assert reached("main-pg-0", CLIENTS)[0]
    assert reached("prometheus-0", FIGURES)[0]
    for word in ("web", "worker", "sessions-redis-0"):
        assert not any(reached(word, CLIENTS, PEERS, FIGURES)), f"{word} reaches the store"
    asked = f"https://live-main-etcd-0:{CLIENTS}/version"
    whole = ["curl", "-ks", "-m", "3", "-o", "/dev/null", "-w", "%{http_code}", asked]
    told = site.run_in(site.replicas("prometheus-0")[0], ["sh", "-c", f"{' '.join(whole)} || true"])
    assert told.strip().endswith("000"), "it shares a network with the store, and has no certificate"
