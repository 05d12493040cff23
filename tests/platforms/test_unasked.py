"""A preview that cannot ask the hosts or the cluster says so, and an update is never taken for one."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
import yaml

from platforms.kubernetes.address import unanswered
from platforms.kubernetes.settings import KubernetesSettings
from platforms.swarm.address import NOWHERE
from platforms.swarm.settings import SwarmSettings
from platforms.table import make_platform
from platforms.unasked import OFFLINE
from tests.mock_engine import Recorded, render

SWARM = SwarmSettings(kind="swarm", nodes=("host1",), entry="single-host")
DEFAULT = KubernetesSettings(kind="kubernetes")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", OFFLINE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def kubeconfig(path: Path, server: str, *, current: bool = True, name: str = "here", proxy: str = "") -> Path:
    document = {
        "clusters": [{"name": name, "cluster": {"server": server, "proxy-url": proxy}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}}],
        **({"current-context": name} if current else {}),
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_server_that_listens_is_no_news(tmp_path: Path, listening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kubeconfig(tmp_path / "config", listening)
    assert unanswered(KubernetesSettings(kind="kubernetes", kubeconfig=str(file))) is None
    monkeypatch.setenv("KUBECONFIG", str(file))
    assert unanswered(DEFAULT) is None


def test_the_context_chooses_the_server(tmp_path: Path, listening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [kubeconfig(tmp_path / "a", "https://127.0.0.1:1", name="dead"), kubeconfig(tmp_path / "b", listening)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
    assert unanswered(KubernetesSettings(kind="kubernetes", context="here")) is None
    said = "the API server 127.0.0.1:1 of the context dead does not answer (connection refused)"
    assert unanswered(DEFAULT) == said


@pytest.mark.parametrize(
    ("server", "more", "words"),
    [
        ("https://127.0.0.1:1", {}, "127.0.0.1:1 of the context here does not answer (connection refused)"),
        ("https://api.invalid", {}, "api.invalid of the context here does not answer (unknown host name)"),
        ("", {}, "has no cluster for the context here"),
        ("https://127.0.0.1:1", {"current": False}, "has no current context"),
    ],
)
def test_what_does_not_answer_is_named(tmp_path: Path, server: str, more: dict[str, bool], words: str) -> None:
    file = kubeconfig(tmp_path / "config", server, current=more.get("current", True))
    said = unanswered(KubernetesSettings(kind="kubernetes", kubeconfig=str(file)))
    assert said is not None
    assert words in said


def test_no_kubeconfig_is_news_outside_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert unanswered(DEFAULT) == f"no kubeconfig can be read from {tmp_path / 'none'}"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert unanswered(DEFAULT) is None


def test_behind_a_proxy_only_the_provider_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_file = kubeconfig(tmp_path / "config", "https://api.invalid", proxy="http://proxy.invalid:3128")
    assert unanswered(KubernetesSettings(kind="kubernetes", kubeconfig=str(by_file))) is None
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    plain = kubeconfig(tmp_path / "config", "https://api.invalid")
    assert unanswered(KubernetesSettings(kind="kubernetes", kubeconfig=str(plain))) is None


def test_the_preview_of_a_cluster_warns_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    file = kubeconfig(tmp_path / "config", "https://127.0.0.1:1")
    settings = KubernetesSettings(kind="kubernetes", kubeconfig=str(file))
    render(lambda _: make_platform(settings, stack="s", data="keep"))
    render(lambda _: make_platform(settings, stack="s", data="keep", ask_hosts=True))
    assert len([text for text in said if text.startswith("previewed without asking kubernetes: the API server")]) == 1
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    render(lambda _: make_platform(settings, stack="s", data="keep", ask_hosts=True))
    assert len([text for text in said if "previewed" in text]) == 1


def swarm_provider() -> Recorded:
    recorded = render(lambda _: make_platform(SWARM, stack="s", data="keep", ask_hosts=True))
    return next(one for one in recorded if one.type == "pulumi:providers:docker")


def test_offline_the_provider_is_told_to_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    before = swarm_provider().inputs
    assert "disableDockerDaemonCheck" not in before
    monkeypatch.setenv(OFFLINE, "1")
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    assert swarm_provider().inputs == {**before, "host": NOWHERE, "disableDockerDaemonCheck": "true"}
    assert said[0].startswith("previewed without asking docker: HA_OFFLINE is set. The digests")


def test_offline_is_for_previews_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OFFLINE, "1")
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    with pytest.raises(pulumi.RunError, match="HA_OFFLINE is set, which is for previews"):
        swarm_provider()
    monkeypatch.setenv(OFFLINE, "0")
    assert "disableDockerDaemonCheck" not in swarm_provider().inputs
