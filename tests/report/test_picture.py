"""Every component of a stack is in its picture, and every arrow has two ends."""

import re
from pathlib import Path

import pytest

from composition.kinds import components
from composition.read import check
from report.picture import main, picture
from tests.stacks.fixtures import GOOD, settings_of


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_component_is_there_once_and_every_arrow_leads_somewhere(path: Path) -> None:
    settings, _ = settings_of(path)
    stack = check(settings, source=path.name, secret_names=None)
    text = picture(stack)
    nodes = re.findall(r'^  (\w+)(?:\[|\{|\(|\(\()[^\n]*"', text, re.MULTILINE)
    assert len(nodes) == len(set(nodes))
    assert {f"n_{part.name.replace('-', '_')}" for _, part in components(stack)} <= set(nodes)
    for line in re.findall(r"^  .*(?:-->|-\.->).*$", text, re.MULTILINE):
        assert {line.split()[0], line.split()[-1]} <= set(nodes), line


def test_what_a_lost_host_takes_with_it_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("""
config:
  ha-platform:stack:
    platform: {kind: swarm, nodes: [a, b, c], entry: dns}
    images: {source: sandbox}
    caches:
      one: {role: cache, members: 1}
      three: {role: cache, members: 3}
""")
    assert main(str(file)) == 0
    text = capsys.readouterr().out
    assert 'n_one[("one<br/>cache<br/>1 one-redis, 1 one-sentinel")]:::lost' in text
    assert 'n_three[("three<br/>cache<br/>3 three-redis, 3 three-sentinel")]\n' in text
    file.write_text("config: {ha-platform:stack: {platform: {kind: moon}}}")
    assert main(str(file)) == 1
    assert "platform" in capsys.readouterr().err
