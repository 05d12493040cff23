"""The state on disk: what the CLI can import, what survives a kill, one run at a time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.engine.checkpoint import Resource, ordered
from sandbox.engine.errors import EngineError
from sandbox.engine.files import write_atomically
from sandbox.engine.lock import locked
from sandbox.engine.state import State
from sandbox.engine.values import Secret
from tests.engine.stack import CRYPTER, Stack, goal, urn


def _state(path: Path) -> State:
    return State(path / "dev.json", lambda _: CRYPTER)


def _resource(name: str, *needs: str, parent: str = "") -> Resource:
    return Resource(
        urn=urn(name),
        type="t",
        custom=True,
        id=name,
        dependencies=tuple(map(urn, needs)),
        parent=parent and urn(parent),
    )


def test_order_is_that_of_needs_and_stable() -> None:
    resources = [_resource("d", "c"), _resource("c", "b", parent="a"), _resource("b"), _resource("a")]
    assert [r.id for r in ordered(resources)] == ["a", "b", "c", "d"]
    assert [r.id for r in ordered(ordered(resources))] == ["a", "b", "c", "d"]


def test_order_of_a_long_chain() -> None:
    chain = [_resource(str(n), *([str(n - 1)] if n else [])) for n in reversed(range(5000))]
    assert [r.id for r in ordered(chain)][:3] == ["0", "1", "2"]


def test_document_is_a_deployment_the_cli_reads(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "size": Secret(5)}), goal("b", {"name": "b"}, dependencies=(urn("a"),)))
    document = json.loads((stack.root / "dev.json").read_text(encoding="utf-8"))
    deployment = document["deployment"]
    assert document["version"] == 3
    manifest = deployment["manifest"]
    assert manifest["magic"] == hashlib.sha256(manifest["version"].encode()).hexdigest()
    assert deployment["secrets_providers"] == {"type": "passphrase", "state": {"salt": CRYPTER.state}}
    provider, a, b = deployment["resources"]
    assert provider["urn"] == "urn:pulumi:dev::proj::pulumi:providers:fake::default"
    assert provider["id"]
    assert provider["inputs"] == {"__internal": {}}
    assert a["provider"] == f"{provider['urn']}::{provider['id']}"
    assert a["inputs"]["size"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert CRYPTER.decrypt(a["inputs"]["size"]["ciphertext"]) == "5"
    assert b["dependencies"] == [a["urn"]]
    assert "pending_operations" not in deployment


def test_export_and_import_keep_everything(stack: Stack, tmp_path: Path) -> None:
    stack.run(goal("a", {"name": "a", "size": Secret(5)}, protect=True, custom_timeouts={"create": 9.0}))
    exported = stack.state().export()
    exported["deployment"]["resources"][1]["sourcePosition"] = "project:///x.py#1"
    other = State(tmp_path / "other.json", lambda _: CRYPTER)
    other.adopt(exported, "a file")
    again = State(tmp_path / "other.json", lambda _: CRYPTER)
    assert again.export()["deployment"]["resources"] == exported["deployment"]["resources"]
    assert stack.state().export(show_secrets=True)["deployment"]["resources"][1]["inputs"]["size"]["plaintext"] == "5"


def test_a_run_that_dies_leaves_its_journal(tmp_path: Path) -> None:
    state = _state(tmp_path)
    state.put(_resource("a"))
    state.note(_resource("held"))
    state.begin("creating", _resource("b"))
    again = _state(tmp_path)
    assert set(again.live) == {urn("a"), urn("held")}
    assert again.pending == {urn("b"): ("creating", _resource("b"))}
    pending = again.export()["deployment"]["pending_operations"]
    assert [(p["type"], p["resource"]["urn"]) for p in pending] == [("creating", urn("b"))]


def test_a_torn_line_never_counted(tmp_path: Path) -> None:
    state = _state(tmp_path)
    state.put(_resource("a"))
    journal = tmp_path / "dev.json.journal"
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"do":"put","resource":{"urn":"half')
    again = _state(tmp_path)
    again.put(_resource("b"))
    assert set(_state(tmp_path).live) == {urn("a"), urn("b")}


def test_a_journal_is_not_applied_to_a_later_checkpoint(tmp_path: Path) -> None:
    state = _state(tmp_path)
    state.put(_resource("a"))
    left_behind = (tmp_path / "dev.json.journal").read_bytes()
    state.close()
    state = _state(tmp_path)
    state.drop(_resource("a"))
    state.close()
    (tmp_path / "dev.json.journal").write_bytes(left_behind)
    assert _state(tmp_path).live == {}


def test_replaced_and_renamed_entries_survive(tmp_path: Path) -> None:
    state = _state(tmp_path)
    state.put(_resource("a"))
    state.put(_resource("b", "a"))
    state.put(replace(_resource("a"), id="new"), condemn=state.live[urn("a")])
    state.rename(urn("a"), urn("c"))
    journaled = _state(tmp_path)
    state.close()
    for again in (journaled, _state(tmp_path)):
        assert again.live[urn("c")].id == "new"
        assert again.live[urn("b")].dependencies == (urn("c"),)
        assert [r.id for r in again.condemned.values()] == ["a"]


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    state = _state(tmp_path)
    state.put(_resource("a"))
    state.close()
    before = (tmp_path / "dev.json").stat()
    state = _state(tmp_path)
    state.note(_resource("a"))
    state.close()
    after = (tmp_path / "dev.json").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert after.st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    write_atomically(file, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(file, "new")
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a state file"),
        ("[]", "not a Pulumi deployment"),
        ('{"version": 2, "deployment": {}}', "only versions 3 and 4"),
        ('{"version": 4, "features": ["hooks", "views"], "deployment": {}}', "deployment with views: only hooks"),
        ('{"version": 3, "deployment": {"secrets_providers": {"type": "service"}}}', "secrets provider 'service'"),
    ],
)
def test_what_is_no_state_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match=words):
        _state(tmp_path)


def test_a_second_run_is_refused_by_the_holders_pid(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    words = f"another run \\(process {os.getpid()}\\) holds the state"
    with locked(path), pytest.raises(EngineError, match=words), locked(path):
        pytest.fail("locked twice")
    with locked(path):
        assert path.read_text(encoding="utf-8").strip() == str(os.getpid())


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    script = f"""
import os, pathlib
from sandbox.engine.lock import locked
with locked(pathlib.Path({str(path)!r})):
    os.kill(os.getpid(), 9)
"""
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
    assert path.read_text(encoding="utf-8").strip() not in ("", str(os.getpid()))
    with locked(path):
        pass
