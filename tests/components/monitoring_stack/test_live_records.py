"""The records of what exporters export are still true, of the programs that the images have.

What needs a cluster of its own is compared where one runs: etcd, Patroni, PostgreSQL's exporter, poolers, RabbitMQ,
backups and copies.
"""

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from components.monitoring_stack.prometheus_config import prometheus_yml, rules_yml
from components.monitoring_stack.settings import MonitoringSettings
from components.observability import AlertRule, ScrapeTarget
from components.write_proxy.proxy import PrimaryCheck, proxy_cfg
from drills.waiting import wait_for
from tests.components.load_balancer.proxy import Proxy
from tests.components.load_balancer.replica import Replica
from tests.components.monitoring_stack.record import compared, page, version
from tests.components.redis_cluster.cluster_members import Cluster
from tests.components.redis_sentinel.redis_members import COUNT as MEMBERS
from tests.components.redis_sentinel.redis_members import PORTS, Group, secret
from tests.live import trixie
from tests.live.require import require_programs
from tests.loopback import free_port

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
HARDWARE_FREE = (
    r"node_(boot_time|context_switches|cpu_seconds|disk_(io|read|written|writes)|exporter_build|filefd|filesystem|forks|"
    r"intr_total|load\d|memory_(Active|Buffers|Cached|Committed|Dirty|MemA|MemF|MemT|Swap(Free|Total|Cached))|netstat_Tcp|"
    r"network_(receive|transmit|up|mtu)|procs|scrape_collector|sockstat_(TCP|sockets)|time_seconds|uname|vmstat_(oom|pg))|"
    r"process_|go_|promhttp_"
)
"""What the node exporter tells of every Linux host."""


@contextmanager
def running(directory: Path, *command: str, says: Callable[[], object]) -> Iterator[None]:
    """A server that has begun to answer."""
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
    try:
        wait_for(f"{command[-1]} answers", lambda: (says(), True)[1], seconds=120, every=0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


def test_of_a_balancer(tmp_path: Path) -> None:
    haproxy = trixie.haproxy()
    binary = trixie.on_path(tmp_path, "haproxy", haproxy)
    replica = Replica("127.0.0.31")
    settings = {"listen": {"http": 80}, "routes": [{"app": "chat"}]}
    try:
        with Proxy(tmp_path, settings, {"chat": [replica]}, by=(str(binary),)) as proxy:
            assert proxy.client.get("/boom").status_code == 500
            compared(
                "haproxy",
                f"HAProxy {version(haproxy, '-v')}",
                lambda: [page(f"{proxy.status_url}/metrics")],
                closed=("code", "state"),
            )
    finally:
        replica.kill()


def test_of_a_balancer_by_nginx(tmp_path: Path) -> None:
    replica = Replica("127.0.0.31")
    settings = {"listen": {"http": 80}, "routes": [{"app": "chat"}]}
    try:
        with Proxy(tmp_path, settings, {"chat": [replica]}, engine="nginx") as proxy:
            said = f"nginx {version(trixie.nginx(), '-v')}"
            compared("nginx", said, lambda: [page(f"{proxy.status_url}/metrics")])
    finally:
        replica.kill()


def test_of_a_write_proxy(tmp_path: Path) -> None:
    haproxy = trixie.haproxy()
    port, status = free_port(), free_port()
    text = proxy_cfg(
        ("127.0.0.1",), port=port, check=PrimaryCheck(lines=("option tcp-check",)), max_connections=10, idle_seconds=60
    )
    config = tmp_path / "haproxy.cfg"
    config.write_text(text.replace("bind :8404", f"bind 127.0.0.1:{status}").replace("bind :", "bind 127.0.0.1:"))
    url = f"http://127.0.0.1:{status}/metrics"
    with running(tmp_path, *haproxy, "-db", "-f", str(config), says=lambda: page(url)):
        compared("write-proxy", f"HAProxy {version(haproxy, '-v')}", lambda: [page(url)], closed=("code", "state"))


def test_of_caches(tmp_path: Path) -> None:
    """By the rendered command, and as the user that servers know for it: what that may not ask is not told."""
    require_programs("redis-server", "redis-sentinel", "redis-cli", packages="Debian packages")
    exporter, port = trixie.redis_exporter(), free_port()
    group = Group(tmp_path, {"role": "broker", "members": MEMBERS})
    spec = group.found["sessions-exporter"]["taskSpec"]["containerSpec"]
    passwords = tmp_path / "passwords.json"
    passwords.write_text(group.addresses(secret(group.found, "sessions-exporter-passwords")))
    args = [one.replace(":9121", f"127.0.0.1:{port}") for one in spec["args"]]
    args = [re.sub("(?<=password-file=).*", str(passwords), one) for one in args]
    logins = json.loads(passwords.read_text())

    def scraped(server: str) -> Iterator[str]:
        for address in logins:
            if address.endswith(f":{PORTS['redis' if server == 'redis' else 'sentinel']}"):
                yield page(f"http://127.0.0.1:{port}/scrape", {"target": address})

    try:
        group.start_all()
        with running(tmp_path, *exporter, *args, says=lambda: page(f"http://127.0.0.1:{port}/health")):
            said = f"redis_exporter {version(exporter)} of Redis {group.field('redis', 0, 'redis_version')}"
            compared("redis", said, lambda: scraped("redis"), closed=("role",))
            compared("sentinel", said, lambda: scraped("sentinel"))
    finally:
        group.stop()


def test_of_clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of caches. What its alerts read says what they take it for: a lost shard, and a lost majority."""
    require_programs("redis-server", "redis-cli", "unshare", packages="Debian packages")
    exporter, port = trixie.redis_exporter(), free_port()
    cluster = Cluster(tmp_path, {"role": "store", "node_timeout": "2s"}, monkeypatch)

    def scraped(login: str) -> str:
        return page(f"http://127.0.0.1:{port}/scrape", {"target": login})

    try:
        cluster.start_all()
        cluster.form(180)
        cluster.wait_whole()
        # The exporter has no /etc/hosts of its own: addresses in place of names.
        words = json.loads(cluster.secret("keys-exporter-passwords"))
        logins = {re.sub("(?<=@)[^:]+", lambda host: _address(host[0]), login): word for login, word in words.items()}
        passwords = tmp_path / "passwords.json"
        passwords.write_text(json.dumps(logins))
        args = [one.replace(":9121", f"127.0.0.1:{port}") for one in cluster.found["keys-exporter"]["taskSpec"]
                ["containerSpec"]["args"]]  # fmt: skip
        args = [re.sub("(?<=password-file=).*", str(passwords), one) for one in args]
        with running(tmp_path, *exporter, *args, says=lambda: page(f"http://127.0.0.1:{port}/health")):
            said = f"redis_exporter {version(exporter)} of Redis {version(('redis-server',))}"
            compared("redis-cluster", said, lambda: map(scraped, logins), closed=("role",))
            first, *_, last = logins

            def is_told(*figures: str) -> bool:
                return {*figures} <= {*scraped(first).splitlines()}

            served = "redis_cluster_slots_ok 10922"
            whole = ("redis_cluster_state 1", "redis_cluster_slots_ok 16384", "redis_connected_slaves 1")
            wait_for("all is told to be well", lambda: is_told(*whole), seconds=120, every=0.2)
            cluster.kill((2, 0))
            cluster.kill((2, 1))
            wait_for("a shard is missed", lambda: is_told("redis_cluster_state 1", served), seconds=120, every=0.2)
            cluster.kill((1, 0))
            cluster.kill((1, 1))
            wait_for("no majority is told", lambda: is_told("redis_cluster_state 0"), seconds=120, every=0.2)
            assert "redis_up 0" in scraped(last).splitlines()
    finally:
        cluster.stop()


def _address(host: str) -> str:
    return str(socket.getaddrinfo(host, None)[0][4][0])


def test_of_hosts(tmp_path: Path) -> None:
    exporter, port = trixie.node_exporter(), free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    with running(tmp_path, *exporter, f"--web.listen-address=127.0.0.1:{port}", says=lambda: page(url)):
        compared(
            "node-exporter",
            f"node_exporter {version(exporter)}",
            lambda: [page(url)],
            closed=("mode", "collector"),
            only=HARDWARE_FREE,
        )


def test_of_monitoring_itself(tmp_path: Path) -> None:
    """By the rendered configuration; an alert fires, so that each tells the other something."""
    prometheus, alertmanager = trixie.prometheus(), trixie.alertmanager()
    metrics, alerts = free_port(), free_port()
    settings = MonitoringSettings.model_validate(
        {"prometheus": {"scrape_interval": 5}, "alertmanager": {"receivers": [{"kind": "webhook", "url_secret": "x"}]}}
    )
    target = ScrapeTarget(job="prometheus", replicas_host="localhost", port=metrics)
    text = prometheus_yml(settings, stack="s", alertmanager_host="localhost", targets=[target])
    text = re.sub(r"dns_sd_configs:\s+- names: \[\S+\]\s+type: A\s+port: (\d+)\s+refresh_interval: \w+",
                  r'static_configs: [{targets: ["127.0.0.1:\1"]}]', text)  # fmt: skip
    text = text.replace(":9093", f":{alerts}").replace("/etc/ha-prometheus", str(tmp_path))
    (tmp_path / "prometheus.yml").write_text(text)
    rule = AlertRule(name="Up", expr="up == 1", for_seconds=0, severity="info", summary="it is")
    (tmp_path / "rules.yml").write_text(rules_yml([rule]))
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    alerts_url, url = (f"http://127.0.0.1:{port}/metrics" for port in (alerts, metrics))
    own = {
        "alertmanager": (*alertmanager, "--cluster.listen-address=", f"--storage.path={tmp_path}/am"),
        "prometheus": (*prometheus, f"--storage.tsdb.path={tmp_path}/tsdb"),
    }
    with ExitStack() as servers:
        for name, port, where in (("alertmanager", alerts, alerts_url), ("prometheus", metrics, url)):
            line = (*own[name], f"--config.file={tmp_path}/{name}.yml", f"--web.listen-address=127.0.0.1:{port}")
            servers.enter_context(running(tmp_path, *line, says=partial(page, where)))
        told = f"http://127.0.0.1:{alerts}/api/v2/alerts"
        wait_for("the alert is told", lambda: httpx.get(told, trust_env=False).json(), seconds=120, every=0.5)
        compared("prometheus", f"prometheus {version(prometheus)}", lambda: [page(url)], closed=("slice",))
        compared("alertmanager", f"alertmanager {version(alertmanager)}", lambda: [page(alerts_url)])
