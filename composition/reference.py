"""`python -m composition.reference`: writes docs/settings.md, every key of a stack file, from the settings models."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from composition.reference_types import default_text, models_in, type_text
from composition.stack import Stack
from settings.described import descriptions

PATH = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
ROOT = "stack"
_INTRODUCTION = """# Settings

What may stand under `config: ha-platform:stack:` in a stack file, one section for each group of keys. Unknown keys are
refused. Generated from the settings models by `make golden`; do not edit.

A duration has units (`500ms`, `30s`, `1h30m`), and so has a size (`512Mi`, `2Gi`). CPU is in cores (`0.5`) or
thousandths (`500m`). Rules across keys are in `composition/rules/`.
"""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One settings model: the path it is documented under, and the other paths where it stands."""

    model: type[BaseModel]
    path: str
    also: tuple[str, ...]


def reference_text() -> str:
    """The whole document."""
    sections = list(_sections())
    anchors = {section.model: anchor(section.path) for section in sections}
    return "\n".join([_INTRODUCTION, *(_section_text(section, anchors) for section in sections)])


def anchor(heading: str) -> str:
    """The fragment by which Markdown viewers find a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _sections() -> Iterator[Section]:
    """Depth first, in the order of the fields; a model that stands at several paths is documented at the first."""
    paths: dict[type[BaseModel], list[str]] = {}

    def visit(model: type[BaseModel], path: str) -> None:
        known = model in paths
        paths.setdefault(model, []).append(path)
        if known:
            return
        for name, field in model.model_fields.items():
            for inner in models_in(field.annotation):
                visit(inner, f"{_below(path)}{name}{_step(field.annotation)}{_kind(inner)}")

    visit(Stack, ROOT)
    for model, found in paths.items():
        yield Section(model=model, path=found[0], also=tuple(found[1:]))


def _below(path: str) -> str:
    """What the keys of `path` are written after; a variant's `(kind: x)` is not part of a path."""
    return "" if path == ROOT else f"{path.partition(' (')[0]}."


def _step(annotation: Any) -> str:
    """`.<name>` into a map, `[]` into a list."""
    for each in (annotation, *get_args(annotation)):
        if get_origin(each) is dict:
            return ".<name>"
        if get_origin(each) is tuple:
            return "[]"
    return ""


def _kind(model: type[BaseModel]) -> str:
    """What tells the variants of a union apart."""
    if set(model.model_fields) == {"external"}:
        return " (external)"
    field = model.model_fields.get("kind")
    return f" (kind: {get_args(field.annotation)[0]})" if field and get_origin(field.annotation) is Literal else ""


def _section_text(section: Section, anchors: dict[type[BaseModel], str]) -> str:
    lines = [f"## `{section.path}`", "", _one_line(section.model.__doc__ or "")]
    if section.also:
        lines += ["", "Also at " + ", ".join(f"`{path}`" for path in section.also) + "."]
    lines += ["", "| key | value | default | meaning |", "|---|---|---|---|"]
    meanings = descriptions(section.model)
    fields = section.model.model_fields.items()
    lines += [_row(name, field, meanings.get(name, ""), anchors) for name, field in fields]
    return "\n".join([*lines, ""])


def _row(name: str, field: FieldInfo, meaning: str, anchors: dict[type[BaseModel], str]) -> str:
    cells = [f"`{name}`", type_text(field, anchors), default_text(field), _one_line(meaning)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Write the document."""
    PATH.write_text(reference_text())
    print(f"reference: wrote {PATH.name}")


if __name__ == "__main__":
    main()
