"""Waiting ends with a sentence that names the daemon and its log."""

import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.kubernetes.credentials import Credentials
from sandbox.hosts.kubernetes.readiness import answers, succeeds, wait_for
from sandbox.hosts.processes import Process
from sandbox.hosts.profiles import profile


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setenv("HA_SANDBOX", str(tmp_path))
    return Host(profile("kubernetes"), 1)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output stays clean."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answer) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def test_ended_daemon_is_named_with_its_last_words(host: Host) -> None:
    ended = subprocess.Popen(["true"])
    Process.of(ended.pid).write(host.directory / "kubelet.json")
    ended.wait()
    (host.directory / "logs").mkdir()
    (host.directory / "logs/kubelet.log").write_text("starting\nno cgroup mounted\n")
    with pytest.raises(HostError, match=r"^kubernetes: kubelet ended: no cgroup mounted \(.*logs/kubelet\.log\)$"):
        wait_for(host, "the node is ready", lambda: True, 5, "kubelet")


def test_late_daemon_is_named_with_its_log(host: Host) -> None:
    Process.of(os.getpid()).write(host.directory / "etcd.json")
    with pytest.raises(HostError, match=r"in vain until etcd answers; see .*logs/etcd\.log$"):
        wait_for(host, "etcd answers", lambda: False, 0.3, "etcd")


def test_what_holds_is_not_waited_for(host: Host) -> None:
    Process.of(os.getpid()).write(host.directory / "etcd.json")
    wait_for(host, "etcd answers", lambda: True, 0, "etcd")


def test_an_action_succeeds_unless_it_raises(host: Host) -> None:
    def refuse() -> None:
        raise HostError("refused")

    assert succeeds(lambda: host.name)()
    assert not succeeds(refuse)()


def test_a_url_answers_only_with_200(server: str, tmp_path: Path) -> None:
    authority = Credentials(tmp_path / "pki", "10.79.0.10").ca.pair.certificate
    assert answers(f"{server}/ready", authority)()
    assert not answers(f"{server}/late", authority)()
    assert not answers("http://127.0.0.1:9/ready", authority)()
    assert not answers(f"{server.replace('http', 'https')}/ready", authority)()
