"""A preview of a stack whose cluster does not answer says so."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from platforms.kubernetes.reach import say_if_unreachable
from platforms.kubernetes.settings import KubernetesSettings


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a preview warns of."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    for name in ("KUBERNETES_SERVICE_HOST", "KUBECONFIG", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return said


@pytest.fixture
def server() -> Iterator[str]:
    """Something that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def kubeconfig(path: Path, server: str, *, current: str = "mine", **cluster: str) -> Path:
    document: dict[str, Any] = {
        "current-context": current,
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def settings(**values: Any) -> KubernetesSettings:
    return KubernetesSettings.model_validate({"kind": "kubernetes", **values})


def test_a_server_that_answers_is_no_news(warnings: list[str], server: str, tmp_path: Path) -> None:
    say_if_unreachable(settings(kubeconfig=str(kubeconfig(tmp_path / "a", server))))
    assert warnings == []


def test_one_that_does_not_is_named(warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "a", "https://127.0.0.1:1")))
    say_if_unreachable(settings())
    (said,) = warnings
    assert "the API server https://127.0.0.1:1 of the context mine does not answer (Connection refused)" in said


def test_an_update_is_stopped_by_its_provider(
    warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    say_if_unreachable(settings(kubeconfig=str(kubeconfig(tmp_path / "a", "https://127.0.0.1:1"))))
    assert warnings == []


def test_a_context_that_no_file_has(warnings: list[str], server: str, tmp_path: Path) -> None:
    say_if_unreachable(settings(kubeconfig=str(kubeconfig(tmp_path / "a", server)), context="other"))
    assert "no cluster for the context other" in warnings[0]


def test_several_files_are_one(
    warnings: list[str], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("current-context: mine\n")
    kubeconfig(tmp_path / "b", server, current="other")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a:{tmp_path}/none:{tmp_path}/b")
    say_if_unreachable(settings())
    assert warnings == []


def test_no_kubeconfig(warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    say_if_unreachable(settings())
    assert f"there is no kubeconfig at {tmp_path}/.kube/config; set KUBECONFIG" in warnings[0]
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")  # in a pod, whose account is enough
    say_if_unreachable(settings())
    assert len(warnings) == 1


def test_behind_a_proxy_it_cannot_be_told(warnings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_file = kubeconfig(tmp_path / "a", "https://127.0.0.1:1", **{"proxy-url": "http://proxy:3128"})
    say_if_unreachable(settings(kubeconfig=str(by_file)))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    say_if_unreachable(settings(kubeconfig=str(kubeconfig(tmp_path / "b", "https://cluster.invalid:6443"))))
    assert warnings == []
