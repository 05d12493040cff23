"""Which volumes `down` names."""

from pathlib import Path

import pytest

from cli import kept
from cli.on_swarm import OnSwarm
from cli.stack_file import StackFile
from tests.cli.test_kept import _service


def test_a_moved_members_volume_is_named_beside_the_old_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both have the member's name; the one that is in use is on another host."""
    monkeypatch.setattr(kept, "on_host", lambda *_: ["s-main-0"])
    monkeypatch.setattr(kept, "node_name", lambda *_: "host1")
    monkeypatch.delenv("HOST", raising=False)
    document = {"platform": {"kind": "swarm", "nodes": ["host1", "host2"], "entry": "dns"}}
    on = OnSwarm(StackFile(name="s", path=Path("s.yaml"), document=document))
    on.leftovers([_service("s-main-0", ["node.hostname==host2"])]).settle()
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "down: kept volume s-main-0, because the stack says `data: keep`; `docker volume rm s-main-0` removes it",
        "down: kept volume s-main-0 on host2; there, `docker volume rm s-main-0` removes it",
    ]
