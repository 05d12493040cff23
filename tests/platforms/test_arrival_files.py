"""The configuration files of an application: from the stack file to the container, byte by byte, on both platforms."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.app_tier.files import LARGEST_FILE
from tests.mock_engine import Recorded
from tests.platforms.test_arrival import PIECES
from tests.rendered.texts import PLATFORMS, accepted

PATHS = st.sampled_from(["/etc/app/app.toml", "/app/config.yaml", "/app/conf.d/10-a", "/etc/nginx.conf", "/start"])
TEXTS = st.lists(st.sampled_from([*PIECES, "\r\n", "\u2028", "日本", "#"]), max_size=8).map("".join)


def registered(kind: str, files: dict[str, Any]) -> list[Recorded]:
    app = {"image": "registry.example.com/app:1", "port": 8000, "files": files}
    return accepted({"platform": PLATFORMS[kind], "apps": {"web": app}}, secrets={})


def found(kind: str, files: dict[str, Any]) -> dict[str, str]:
    """What the container has: path -> text. Every mount of a file leaves the rest of its directory alone."""
    records = registered(kind, files)
    return _on_swarm(records) if kind == "swarm" else _on_kubernetes(records)


def _on_swarm(records: list[Recorded]) -> dict[str, str]:
    texts = {one.outputs["name"]: one.inputs["dataRaw"] for one in records if one.type.endswith(":ServiceConfig")}
    (spec,) = (one.inputs["taskSpec"]["containerSpec"] for one in records if one.type.endswith(":Service"))
    assert all(one["fileMode"] == 0o444 for one in spec.get("configs", ()))
    return {one["fileName"]: texts[one["configName"]] for one in spec.get("configs", ())}


def _on_kubernetes(records: list[Recorded]) -> dict[str, str]:
    maps = {one.outputs["metadata"]["name"]: one.inputs["data"] for one in records if one.type.endswith(":ConfigMap")}
    (pod,) = (one.inputs["spec"]["template"]["spec"] for one in records if one.type.endswith(":Deployment"))
    volumes: dict[str, Any] = {one["name"]: one for one in pod["volumes"]}
    texts = {}
    for mount in pod["containers"][0]["volumeMounts"]:
        if "projected" not in volumes[mount["name"]]:
            continue
        (source,) = volumes[mount["name"]]["projected"]["sources"]
        (item,) = source["configMap"]["items"]
        assert item["path"] == mount["subPath"], "the file alone is mounted, not its directory"
        assert (mount["readOnly"], item["mode"]) == (True, 0o444)
        texts[mount["mountPath"]] = maps[source["configMap"]["name"]][item["key"]]
    return texts


@settings(max_examples=20, deadline=None)
@given(files=st.dictionaries(PATHS, TEXTS, max_size=3))
@example(files={"/app/config.yaml": "a: {{ b }}\n\tc: $HOME $$ $(X)\n\n"})
def test_a_text_arrives_as_it_was_written(files: dict[str, str]) -> None:
    for kind in PLATFORMS:
        assert found(kind, files) == files, kind


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_large_text_arrives_from_a_file(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "é\r\n" * (LARGEST_FILE // 4)
    (tmp_path / "large.conf").write_bytes(text.encode())
    assert found(kind, {"/app/config.yaml": {"file": "large.conf"}}) == {"/app/config.yaml": text}


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_changed_text_rolls_the_replicas(kind: str) -> None:
    def replicas(text: str) -> dict[str, Any]:
        (one,) = (
            one
            for one in registered(kind, {"/app/config.yaml": text})
            if one.name == "web" and ("taskSpec" in one.inputs or "template" in one.inputs.get("spec", {}))
        )
        return one.inputs

    assert replicas("a") == replicas("a")
    assert replicas("a") != replicas("b")
