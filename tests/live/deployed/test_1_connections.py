"""Every pair of words on Kubernetes: each declared connection is possible, and no other."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from drills.kubernetes_site import KubernetesSite
from drills.waiting import wait_for
from model import REACHES, Tier
from platforms.kubernetes.names import NAME_LABEL, TIER_LABEL
from sandbox.hosts.kubernetes.addresses import API_SERVICE

pytestmark = [
    pytest.mark.live,
    pytest.mark.kubernetes,
    pytest.mark.timeout(300, func_only=True),
    pytest.mark.parametrize("site", ["kubernetes"], indirect=True, scope="session"),
]

PRIVATE = {"main-etcd": {"main-etcd", "main-pg"}}
"""Words that only these reach, and that reach nobody else."""
FIGURES = {("main-etcd", 2381)}
"""Ports of those that monitoring reaches all the same."""
SILENT = {("main-etcd", 2382)}
"""Where something listens only while a version without certificates changes."""
KNOWN = {
    "edge": {"web": True, "alerts": True, "main-pg": False, "prometheus": False},
    "web": {"main-pg": True, "sessions-redis": True, "main-etcd": False, "prometheus": False, "edge": False},
    "main-pg": {"main-etcd": True, "web": False},
    "main-etcd": {"main-etcd": True, "main-pg": True, "sessions-redis": False},
    "sessions-redis": {"sessions-sentinel": True, "main-etcd": False, "web": False},
    "prometheus": {"web": True, "main-pg": True, "node-exporter": True, "main-etcd": False},
}
"""Pairs that were judged by hand, but for `FIGURES`."""
_API = "API server"
_TRY = """\
import concurrent.futures, json, socket, sys
def connects(target):
    try:
        socket.create_connection(target, 2).close()
    except OSError:
        return False
    return True
with concurrent.futures.ThreadPoolExecutor(8) as threads:
    print(json.dumps(list(threads.map(connects, map(tuple, json.loads(sys.argv[1]))))))
"""
Connection = tuple[str, str, int]
"""From a word, to a word, on a port."""


def test_exactly_the_declared_connections_are_possible(site: KubernetesSite) -> None:
    pods = {one["metadata"]["labels"][NAME_LABEL]: one for one in site.every_pod()}
    declared = {(source, target): _declared(pods, source, target) for source in pods for target in (*pods, _API)}
    for source, known in KNOWN.items():
        assert {target: declared[source, target] for target in known} == known

    def others() -> dict[Connection, bool]:
        """What connects and should not, or the other way round."""
        return {one: found for one, found in _tried(site, pods) if found != _expected(pods, declared, *one)}

    wait_for("connections are as declared", lambda: not others(), seconds=30)


def _declared(pods: dict[str, Any], source: str, target: str) -> bool:
    if target == _API:
        return False
    for one, other in ((target, source), (source, target)):
        if one in PRIVATE:
            return other in PRIVATE[one]
    return _tier(pods[target]) in REACHES[_tier(pods[source])]


def _expected(pods: dict[str, Any], declared: dict[tuple[str, str], bool], source: str, target: str, port: int) -> bool:
    if (target, port) in SILENT:
        return False
    figures = (target, port) in FIGURES and _tier(pods[source]) is Tier.MONITORING
    return figures or declared[source, target]


def _tier(pod: Any) -> Tier:
    return Tier(pod["metadata"]["labels"][TIER_LABEL])


def _tried(site: KubernetesSite, pods: dict[str, Any]) -> list[tuple[Connection, bool]]:
    """Each word tries every port that another declares, at the address of its pod, and the API server."""
    targets = {(_API, 443): API_SERVICE}
    for word, pod in pods.items():
        for container in pod["spec"]["containers"]:
            targets |= {(word, port["containerPort"]): pod["status"]["podIP"] for port in container.get("ports", ())}
    addresses = json.dumps([(address, port) for (_, port), address in targets.items()])

    def tried_by(word: str) -> list[tuple[Connection, bool]]:
        found = json.loads(site.run_in_network(pods[word], [sys.executable, "-I", "-c", _TRY, addresses]))
        return [((word, *target), connects) for target, connects in zip(targets, found, strict=True)]

    with ThreadPoolExecutor(4) as threads:
        return [one for tried in threads.map(tried_by, pods) for one in tried]
