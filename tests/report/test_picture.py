"""Every component of a stack is in its picture, and every arrow has two ends."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from composition.kinds import components
from composition.read import check
from report.picture import main, picture
from report.svg import Box, drawing, svg
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
    assert main([str(file)]) == 0
    text = capsys.readouterr().out
    assert 'n_one[("one<br/>cache<br/>1 one-redis, 1 one-sentinel")]:::lost' in text
    assert 'n_three[("three<br/>cache<br/>3 three-redis, 3 three-sentinel")]\n' in text
    file.write_text("config: {ha-platform:stack: {platform: {kind: moon}}}")
    assert main([str(file)]) == 1
    assert "platform" in capsys.readouterr().err


def _overlap(one: Box, other: Box) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (apart or one.y + one.height <= other.y or other.y + other.height <= one.y)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_boxes_do_not_overlap_and_arrows_end_at_them(path: Path) -> None:
    settings, _ = settings_of(path)
    stack = check(settings, source=path.name, secret_names=None)
    found = drawing(stack)
    boxes = [*found.boxes, *found.hosts]
    assert {part.name for _, part in components(stack)} <= {box.name for box in found.boxes}
    assert not [(one.name, other.name) for one, other in combinations(boxes, 2) if _overlap(one, other)]
    width, height = found.size
    assert all(box.x >= 0 and box.y >= 0 and box.x + box.width < width and box.y + box.height < height for box in boxes)
    for arrow in found.arrows:
        for box, (x, y) in zip((arrow.start, arrow.end), arrow.points, strict=True):
            assert x in (box.x, box.x + box.width)
            assert box.y < y < box.y + box.height
    text = svg(found)
    assert svg(drawing(stack)) == text, "the same each time"
    root = ElementTree.fromstring(text)
    texts = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {line for box in boxes for line in box.lines} <= texts
    assert any(str(one).startswith("red: ") for one in texts) == any(box.style == "lost" for box in boxes)


def test_the_drawing_says_hosts_and_what_their_loss_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("""
config:
  ha-platform:stack:
    platform: {kind: swarm, nodes: [a, b, c], entry: dns}
    images: {source: sandbox}
    caches:
      three: {role: cache, members: 3}
      one: {role: cache, members: 1, hosts: [b]}
""")
    assert main([str(file), "svg"]) == 0
    text = capsys.readouterr().out
    assert ">3 three-redis: a, b, c</text>" in text
    assert text.count(">lost: everything goes on</text>") == 2, "of a and c"
    assert text.count('stroke="#c62828"') == 2, "the cache with one member, and its host"
    assert main([str(file), "png"]) == 1
    assert capsys.readouterr().err == "picture: FORMAT=png is not `mermaid` or `svg`.\n"
