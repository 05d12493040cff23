"""A stack as a picture in Mermaid, which GitHub and GitLab draw: who leads to whom, how many run, and what a lost host
takes with it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from components.external import ExternalStore
from components.kind import Gives, Kind, Part
from composition.kinds import components
from composition.read import STACK_KEY, check
from composition.stack import Stack
from guarantees.surroundings import Surroundings
from guarantees.topology import Group
from settings.faults import BrokenStack

_SHAPES = {
    "balancers": ("{{", "}}"), "apps": ("[", "]"), "databases": ("[(", ")]"), "caches": ("[(", ")]"),
    "clusters": ("[(", ")]"), "brokers": ("[(", ")]"), "volumes": ("[/", "/]"), "repositories": ("[/", "/]"),
    "monitoring": ("([", "])"),
}  # fmt: skip
_STYLES = (
    "classDef lost stroke:#c62828,stroke-width:3px;",
    "classDef outside stroke-dasharray:5 5;",
)


def picture(stack: Stack) -> str:
    """The text of the picture. What stops while a host is lost has a thick red line, what is outside the stack a broken
    one; a broken arrow leads to files or backups."""
    around, parts = stack.platform.surroundings(), [*components(stack)]
    lines = ["graph LR"]
    for kind, part in parts:
        lines.append(f"  {_node(kind, part, around)}")
    if any(kind.key == "balancers" for kind, _ in parts):
        lines.append('  clients(("clients"))')
    lines += [f"  {line}" for line in _arrows(parts)]
    return "\n".join([*lines, *(f"  {style}" for style in _STYLES)]) + "\n"


def _node(kind: Kind[Any], part: Part[Any], around: Surroundings) -> str:
    groups = [*kind.groups(part, around)]
    runs = ", ".join(f"{count(one)} {one.name}" for one in groups if one.needed and not one.everywhere)
    opening, closing = _SHAPES.get(kind.key, ("[", "]"))
    label = f"{part.name}<br/>{kind.noun}" + (f"<br/>{runs}" if runs else "")
    style = ":::outside" if isinstance(part.settings, ExternalStore) or kind.key == "repositories" else ""
    if any(stops(one, around) for one in groups):
        style = ":::lost"
    return f'{_id(part.name)}{opening}"{label}"{closing}{style}'


def _arrows(parts: list[tuple[Kind[Any], Part[Any]]]) -> Iterator[str]:
    for kind, part in parts:
        if kind.key == "balancers":
            ports = sorted({str(port) for key, port in kind.ports(part.settings) if key != "status.port"})
            yield f'clients -->|"{", ".join(ports)}"| {_id(part.name)}'
        used = dict.fromkeys(
            (one.name.partition("/")[0], one.gives) for one in kind.uses(part.settings) if one.gives is not Gives.ALERTS
        )
        for name, gives in used:
            arrow = "-.->" if gives in (Gives.VOLUME, Gives.REPOSITORY) else "-->"
            yield f"{_id(part.name)} {arrow} {_id(name)}"


def count(group: Group) -> str:
    """`3`, or `3 to 10`."""
    return f"{group.count}" if group.most <= group.count else f"{group.count} to {group.most}"


def stops(group: Group, around: Surroundings) -> bool:
    """Whether some host takes it with it until it is back."""
    if not group.needed or group.everywhere or (group.moves and around.hosts != 1):
        return False
    return any(group.left(host, around.hosts) < group.needed for host in around.names or ("any",))


def _id(name: str) -> str:
    """Mermaid takes some words, `end` and `graph` among them, for its own."""
    return f"n_{name.replace('-', '_')}"


def main(arguments: Sequence[str]) -> int:
    """Print the picture of a stack file: FILE, or FILE svg."""
    file, form = arguments[0], (*arguments[1:], "mermaid")[0] or "mermaid"
    if form not in ("mermaid", "svg"):
        print(f"picture: FORMAT={form} is not `mermaid` or `svg`.", file=sys.stderr)
        return 1
    document = yaml.safe_load(Path(file).read_text())["config"]
    try:
        stack = check(document.get(STACK_KEY), source=file, secret_names=None)
    except BrokenStack as broken:
        print(broken, file=sys.stderr)
        return 1
    if form == "svg":
        from report.svg import drawing, svg  # it draws with this module's words

        print(svg(drawing(stack)), end="")
    else:
        print(picture(stack), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
