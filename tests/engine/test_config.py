"""Reading a stack file, and setting a value in it without touching another line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.config_edit import put, set_config
from sandbox.engine.errors import EngineError
from sandbox.engine.stack_config import load_stack_config
from sandbox.engine.values import Secret
from tests.engine.stack import CRYPTER

TEXT = """\
# top
encryptionsalt: @SALT@
config:
  proj:plain: text  # why
  proj:number: 3
  proj:deep:
    # inside
    list:
      - token:
          secure: @SECRET@
      - two
  docker:host: unix:///run/docker.sock
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: proj\nruntime:\n  name: python\n", encoding="utf-8")
    text = TEXT.replace("@SALT@", CRYPTER.state).replace("@SECRET@", CRYPTER.encrypt("hunter2"))
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_values_are_decrypted_at_any_depth(project: Path) -> None:
    config = load_stack_config(project, "dev", None, lambda _: CRYPTER)
    assert config.values["proj:plain"] == "text"
    assert config.values["proj:number"] == "3"
    assert config.values["proj:deep"] == '{"list": [{"token": "hunter2"}, "two"]}'
    assert config.secret_keys == {"proj:deep"}
    assert config.shown()["proj:deep"] == "[secret]"
    assert config.of_package("docker") == {"host": "unix:///run/docker.sock"}
    assert config.of_package("proj")["deep"] == Secret('{"list": [{"token": "hunter2"}, "two"]}')


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Pulumi.yaml", "runtime: python\n", "name: a project needs one"),
        ("Pulumi.yaml", "name: p\nruntime: go\n", "runtime: got 'go'"),
        ("Pulumi.yaml", "name: p\nruntime: python\nmain: src\n", "main: not supported"),
        ("Pulumi.dev.yaml", "config: [", "not valid YAML"),
        ("Pulumi.dev.yaml", "config: {a: 1,\n a: 2}", "line 2: config.a is in line 1 already"),
        ("Pulumi.dev.yaml", "config: {a: 1, 'proj:a': 2}", "proj:a is also there as proj:a"),
        ("Pulumi.dev.yaml", "config: 3", "config: expected a mapping, got int"),
        ("Pulumi.dev.yaml", "config: {a: {secure: 'v1:a:b'}}", "has no `encryptionsalt`"),
        ("Pulumi.dev.yaml", "encryptionsalt: x\nconfig: {a: {secure: 'v1:AAAA:AAAA'}}", "a: incorrect passphrase"),
    ],
)
def test_what_cannot_be_read_is_named(project: Path, name: str, text: str, words: str) -> None:
    (project / name).write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match=words):
        load_stack_config(project, "dev", None, lambda _: CRYPTER)


@pytest.mark.parametrize(
    ("key", "value", "path", "changed"),
    [
        ("plain", "new", False, {'  proj:plain: "new"  # why'}),
        ("added", "new", False, {"  proj:added: new"}),
        ("docker:host", "x", False, {'  docker:host: "x"'}),
        ("deep.list[1]", "three", True, {'      - "three"'}),
        ("deep.list[2]", "3", True, {"      - 3"}),
        ("deep.more.x", "true", True, {"    more:", "      x: true"}),
        ("docker:deep.x", "1", True, {"  docker:deep:", "    x: 1"}),
    ],
)
def test_only_the_set_line_changes(project: Path, key: str, value: str, path: bool, changed: set[str]) -> None:
    file = project / "Pulumi.dev.yaml"
    before = file.read_text(encoding="utf-8").splitlines()
    set_config(file, project, key, value, secret=False, path=path, crypter=lambda _: CRYPTER)
    after = file.read_text(encoding="utf-8").splitlines()
    assert set(after) - set(before) == changed
    assert len(set(before) - set(after)) <= 1
    load_stack_config(project, "dev", None, lambda _: CRYPTER)


def test_a_secret_is_encrypted_and_a_missing_salt_added(project: Path) -> None:
    file = project / "other.yaml"
    set_config(file, project, "token", "hunter2", secret=True, path=False, crypter=lambda _: CRYPTER)
    assert "hunter2" not in file.read_text(encoding="utf-8")
    config = load_stack_config(project, "dev", file, lambda _: CRYPTER)
    assert config.values == {"proj:token": "hunter2"}
    assert config.secret_keys == {"proj:token"}


@pytest.mark.parametrize(("key", "words"), [("a[", "is not a property path"), ("", "expected a name")])
def test_wrong_keys_are_refused(project: Path, key: str, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        set_config(project / "f.yaml", project, key, "x", secret=False, path=True, crypter=lambda _: CRYPTER)


_names = st.text("abcxyz", min_size=1, max_size=3)
_trees = st.recursive(
    st.integers(0, 9) | st.text("pqr #:", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("text", ["1e3", "0o17", "2024-01-02", "yes", "~", "'", "a: b", "", "\n"])
def test_a_text_is_written_so_that_it_is_read_as_that_text(project: Path, text: str) -> None:
    file = project / "other.yaml"
    set_config(file, project, "x", text, secret=False, path=False, crypter=lambda _: CRYPTER)
    assert load_stack_config(project, "dev", file, lambda _: CRYPTER).values == {"proj:x": text}


@pytest.mark.parametrize(
    ("given", "handed_over"),
    [("{b: 1, a: {d: 1e3, c: on}}", '{"a": {"c": "on", "d": 1000}, "b": 1}'), ("010", "8"), ("", ""), ("on", "on")],
)
def test_the_program_gets_what_the_cli_hands_over(project: Path, given: str, handed_over: str) -> None:
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  x: {given}\n", encoding="utf-8")
    assert load_stack_config(project, "dev", None, lambda _: CRYPTER).values == {"proj:x": handed_over}


@given(st.dictionaries(_names, st.dictionaries(_names, _trees, max_size=3), max_size=3), _names, _names, st.booleans())
def test_put_is_assignment(tree: dict[str, dict[str, object]], first: str, second: str, flow: bool) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, sort_keys=False) if tree else ""
    expected = {**tree, first: {**tree.get(first, {}), second: "new"}}
    assert yaml.safe_load(put(text, (first, second), "new")) == expected
