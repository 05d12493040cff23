"""A stack as a picture in SVG, drawn without other programs: components in columns from clients to stores, how many
replicas run and where, who connects to whom, and the hosts with what each takes with it when it is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from components.external import ExternalStore
from components.kind import Gives, Kind, Part
from composition.kinds import components
from composition.promises import each_group
from composition.stack import Stack
from guarantees.surroundings import Surroundings
from guarantees.topology import Group, host_lost
from report.picture import count, stops

_COLUMNS = {"balancers": 1, "apps": 2, "monitoring": 4}
_STORES = 3
_LINE, _CHARACTER, _PADDING = 18, 7.2, 12
_BETWEEN_COLUMNS, _BETWEEN_BOXES, _MARGIN = 90, 26, 30
_CLIENTS = "clients"
_LOST = "a part of it stops while a host is lost"
_COLORS = {"": "#37474f", "lost": "#c62828", "outside": "#37474f"}


@dataclass(frozen=True, kw_only=True)
class Box:
    """`lines`: the first one is the name. `style`: `lost` for what stops with a host, `outside` for what is not of the
    stack. Sizes in pixels."""

    name: str
    lines: tuple[str, ...]
    style: str
    x: float
    y: float

    @property
    def width(self) -> float:
        """As wide as its longest line."""
        return round(max(len(line) for line in self.lines) * _CHARACTER + 2 * _PADDING)

    @property
    def height(self) -> float:
        """As high as its lines."""
        return len(self.lines) * _LINE + 2 * _PADDING


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From the edge of one box to the edge of another. `files`: it leads to files or backups."""

    start: Box
    end: Box
    label: str = ""
    files: bool = False

    @property
    def points(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where it leaves and where it arrives: right edge to left edge, or by the right edges where it leads back."""
        leaves = (self.start.x + self.start.width, self.start.y + self.start.height / 2)
        forward = self.end.x > self.start.x
        arrives = (self.end.x + (0 if forward else self.end.width), self.end.y + self.end.height / 2)
        return leaves, arrives


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Boxes that do not overlap, and arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    hosts: tuple[Box, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        every = (*self.boxes, *self.hosts)
        right, low = max(one.x + one.width for one in every), max(one.y + one.height for one in every)
        return right + _BETWEEN_COLUMNS, low + _MARGIN


def drawing(stack: Stack) -> Drawing:
    """Where everything is. The same stack has the same drawing."""
    around, parts = stack.platform.surroundings(), [*components(stack)]
    columns: dict[int, list[tuple[str, tuple[str, ...], str]]] = {}
    if any(kind.key == "balancers" for kind, _ in parts):
        columns[0] = [(_CLIENTS, (_CLIENTS,), "")]
    for kind, part in parts:
        columns.setdefault(_COLUMNS.get(kind.key, _STORES), []).append(_component(kind, part, around))
    boxes: dict[str, Box] = {}
    x = float(_MARGIN)
    for _, column in sorted(columns.items()):
        placed = [*_down(column, x)]
        boxes |= {box.name: box for box in placed}
        x = max(box.x + box.width for box in placed) + _BETWEEN_COLUMNS
    low = max(box.y + box.height for box in boxes.values()) + 2 * _BETWEEN_BOXES + _LINE
    return Drawing(
        boxes=tuple(boxes.values()), arrows=tuple(_arrows(parts, boxes)), hosts=tuple(_hosts(stack, around, low))
    )


def _down(column: Sequence[tuple[str, tuple[str, ...], str]], x: float) -> Iterator[Box]:
    y = float(_MARGIN)
    for name, lines, style in column:
        box = Box(name=name, lines=lines, style=style, x=x, y=y)
        y += box.height + _BETWEEN_BOXES
        yield box


def _component(kind: Kind[Any], part: Part[Any], around: Surroundings) -> tuple[str, tuple[str, ...], str]:
    groups = [*kind.groups(part, around)]
    outside = isinstance(part.settings, ExternalStore) or kind.key == "repositories"
    style = "lost" if any(stops(one, around) for one in groups) else "outside" if outside else ""
    return part.name, (part.name, kind.noun, *(_replicas(one) for one in groups)), style


def _replicas(group: Group) -> str:
    """`3 main-pg: host1, host2, host3`."""
    if group.everywhere:
        return f"{group.name}: on every host"
    return f"{count(group)} {group.name}" + (f": {', '.join(group.hosts)}" if group.hosts else "")


def _arrows(parts: Sequence[tuple[Kind[Any], Part[Any]]], boxes: dict[str, Box]) -> Iterator[Arrow]:
    for kind, part in parts:
        if kind.key == "balancers":
            ports = sorted({str(port) for key, port in kind.ports(part.settings) if key != "status.port"})
            yield Arrow(start=boxes[_CLIENTS], end=boxes[part.name], label=", ".join(ports))
        for name, gives in dict.fromkeys((one.name.partition("/")[0], one.gives) for one in kind.uses(part.settings)):
            files = gives in (Gives.VOLUME, Gives.REPOSITORY)
            yield Arrow(start=boxes[part.name], end=boxes[name], files=files)


def _hosts(stack: Stack, around: Surroundings, y: float) -> Iterator[Box]:
    """A box for each host: what stays on it, and what its loss stops."""
    groups = each_group(stack, around)
    x = float(_MARGIN)
    for host in around.names:
        lost = host_lost(host, groups, around.hosts, together=around.together)
        here = [f"{one.hosts.count(host)} {one.name}" for one in groups if host in one.hosts]
        said = [f"lost: no {one.without}" for one in lost.stops] or ["lost: everything goes on"]
        box = Box(name=host, lines=(host, *here, *said), style="lost" if lost.stops else "", x=x, y=y)
        x += box.width + _BETWEEN_BOXES
        yield box


def svg(found: Drawing) -> str:
    """The text of the picture."""
    width, height = found.size
    legend: list[str] = []
    if any(box.style == "lost" for box in (*found.boxes, *found.hosts)):
        legend = [f'<text x="{_MARGIN:g}" y="{height:g}" fill="{_COLORS["lost"]}">red: {_LOST}</text>']
        height += _LINE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="monospace" font-size="12">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#607d8b"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
    ]
    lines += [line for arrow in found.arrows for line in _drawn_arrow(arrow)]
    lines += [line for box in (*found.boxes, *found.hosts) for line in _drawn_box(box)]
    if found.hosts:
        first = found.hosts[0]
        lines.append(f'<text x="{first.x:g}" y="{first.y - 8:g}" fill="#607d8b">hosts</text>')
    return "\n".join([*lines, *legend, "</svg>"]) + "\n"


def _drawn_arrow(arrow: Arrow) -> Iterator[str]:
    (x1, y1), (x2, y2) = arrow.points
    bend = _BETWEEN_COLUMNS / 2
    second = x2 - bend if arrow.end.x > arrow.start.x else x2 + bend
    dashes = ' stroke-dasharray="5 4"' if arrow.files else ""
    yield (
        f'<path d="M{x1:g},{y1:g} C{x1 + bend:g},{y1:g} {second:g},{y2:g} {x2:g},{y2:g}" fill="none" '
        f'stroke="#607d8b"{dashes} marker-end="url(#tip)"/>'
    )
    if arrow.label:
        yield f'<text x="{x1 + 8:g}" y="{y1 - 6:g}" fill="#607d8b">{escape(arrow.label)}</text>'


def _drawn_box(box: Box) -> Iterator[str]:
    width = 3 if box.style == "lost" else 1.5
    dashes = ' stroke-dasharray="5 4"' if box.style == "outside" else ""
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="6" fill="#fafafa" '
        f'stroke="{_COLORS[box.style]}" stroke-width="{width:g}"{dashes}/>'
    )
    for index, line in enumerate(box.lines):
        weight = ' font-weight="bold"' if index == 0 else ""
        y = box.y + _PADDING + (index + 0.75) * _LINE
        yield f'<text x="{box.x + _PADDING:g}" y="{y:g}"{weight} fill="#263238">{escape(line)}</text>'
