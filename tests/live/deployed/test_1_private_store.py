"""The consensus store answers nobody but its members and PostgreSQL."""

import pytest

from tests.live.deployed.site import Site

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]

_CONNECT = """\
import socket, sys
try:
    socket.create_connection((sys.argv[1], 2379), 3).close()
    print("connected")
except OSError as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("site", [pytest.param("swarm", marks=pytest.mark.swarm)], indirect=True)
def test_only_postgresql_reaches_the_store(site: Site) -> None:
    """On Kubernetes this is a NetworkPolicy: `test_1_connections.py` tries every pair."""
    (store,), (patroni,) = site.replicas("main-etcd-0"), site.replicas("main-pg-0")
    name, address = "live-main-etcd-0", site.run_in(store, ["hostname", "-i"]).split()[0]

    def connects(replica: str, target: str) -> str:
        return site.run_in(replica, ["python3", "-c", _CONNECT, target]).strip()

    for target in (name, address):
        assert connects(patroni, target) == "connected"
    for word in ("web", "worker", "sessions-redis-0"):
        for target in (name, address):
            assert connects(site.replicas(word)[0], target).startswith("refused:"), f"{word} reaches {target}"
