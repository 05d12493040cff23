"""What is missing is said in one sentence with what to do, and nothing is changed."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.hosts import cli, commands, packages, preflight
from sandbox.hosts.errors import HostError
from sandbox.hosts.hosts import Hosts
from sandbox.hosts.kubernetes import KubernetesCluster
from sandbox.hosts.profiles import PROFILES, profile
from sandbox.hosts.swarm import SwarmCluster


@pytest.fixture(autouse=True)
def own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HA_SANDBOX", str(tmp_path / "sandbox"))
    monkeypatch.setenv("HA_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_without_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["up", "dev"]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("sandbox hosts need root")
    assert "DOCKER_HOST" in said
    assert "\n" not in said
    assert list(tmp_path.iterdir()) == [], "nothing is made"


def test_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert preflight.faults() == [
        "sandbox hosts need Linux, this is Darwin; set DOCKER_HOST to a Docker that is there",
    ]


def test_without_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*argv: str, **_: object) -> str:
        raise HostError(f"`{argv[0]}` failed: Operation not permitted")

    monkeypatch.setattr(commands, "run", refuse)
    assert preflight._namespaces() == (
        "new namespaces are forbidden here (`unshare` failed: Operation not permitted); "
        "run on a machine, or in a privileged container"
    )
    assert "use Debian's own kernel" in str(preflight._links())


def test_without_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(
        HostError, match=r"the packages docker.io are missing and this machine has no apt-get; use Debian"
    ):
        packages.ensure({"docker.io": "dockerd"})


def test_what_is_installed_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*argv: str, **_: object) -> str:
        raise AssertionError(f"nothing may run, got {argv}")

    monkeypatch.setattr(commands, "run", refuse)
    assert packages.ensure({"coreutils": "ls", "base-files": "/etc/os-release"}) == []


def test_an_unknown_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "prod"]) == 1
    assert capsys.readouterr().err.strip() == "profile 'prod' does not exist; use one of dev, swarm3, kubernetes"


def test_an_unknown_host() -> None:
    with pytest.raises(HostError, match="profile 'dev' has no host 'host2'; it has host1"):
        Hosts(profile("dev")).host("host2")


def test_kill_without_a_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kill", "swarm3"]) == 1
    assert "python -m sandbox.hosts kill swarm3 host1" in capsys.readouterr().err


def test_kill_of_a_host_that_does_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kill", "swarm3", "host1"]) == 1
    assert "swarm3/switch does not run" in capsys.readouterr().err


def test_a_kubernetes_profile_is_no_swarm() -> None:
    with pytest.raises(HostError, match="profile 'kubernetes' is not for Swarm"):
        SwarmCluster("kubernetes")


def test_a_cluster_of_an_older_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "require", lambda: None)
    cluster = KubernetesCluster()
    cluster.kubeconfig.parent.mkdir(parents=True)
    cluster.kubeconfig.write_text("server: https://10.79.0.11:6443")
    with pytest.raises(HostError, match=r"by an older version; .* `python -m sandbox.hosts down kubernetes`"):
        cluster.up()


def test_a_failing_program_is_one_sentence() -> None:
    with pytest.raises(HostError, match=r"^`sh -c echo first; echo last >&2; exit 3` failed: last$"):
        commands.run("sh", "-c", "echo first; echo last >&2; exit 3")
    with pytest.raises(HostError, match="the program 'no-such-program' is missing"):
        commands.run("no-such-program")
    with pytest.raises(HostError, match=r"`sleep 5` did not end within 0.1 s"):
        commands.run("sleep", "5", seconds=0.1)


def test_profiles_do_not_meet() -> None:
    assert len({one.prefix for one in PROFILES.values()}) == len(PROFILES)
    assert all(len(one.link) <= 15 for one in PROFILES.values()), "the kernel's limit of interface names"


def test_socket_paths_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HA_SANDBOX")
    for one in PROFILES.values():
        for host in Hosts(one).hosts:
            assert len(str(host.socket)) < 108, "the kernel's limit of unix socket paths"


def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "sandbox.hosts", "status", "dev"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")
