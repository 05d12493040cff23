"""A stack file's YAML as the Pulumi CLI reads it, and what it would not hand over as it is written.

The CLI reads with gopkg.in/yaml.v3, refuses duplicate keys itself, and gives the program JSON with sorted keys. Where
it would change a value without a word (keys that are not texts, dates, a second document), the file is refused here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from settings.yaml_scalars import Ambiguous, plain_value

_PLAIN = "plain"
_STRING = "tag:yaml.org,2002:str"
_MAP = "tag:yaml.org,2002:map"
_LIST = "tag:yaml.org,2002:seq"
_MOST_VALUES = 1_000_000
"""Aliases of aliases can mean more values than any machine holds."""
_DATE_FROM_GO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} \S+")

Steps = tuple[str | int, ...]


class BadDocument(Exception):
    """A text that is not YAML, or YAML that does not mean what it says. `problems` has one sentence for each place."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def read_document(text: str) -> Any:
    """The value of the YAML `text`: maps (with texts as keys), lists, texts, numbers, booleans, None. Raises
    BadDocument with every problem."""
    try:
        root = yaml.compose(text.removeprefix("\ufeff"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise BadDocument(f"{place}is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadDocument(
            f"line {line}: is not YAML: the character U+{int(error.character):04X} is not allowed"
        ) from None
    except RecursionError:
        raise BadDocument("is nested too deeply") from None
    if root is None:
        return None
    reader = _Reader()
    value = reader.value(root, ())
    if reader.problems:
        raise BadDocument(*reader.problems)
    return value


def path_text(steps: Steps) -> str:
    """`apps.web.routes[0].path`"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def dates(value: Any, steps: Steps = ()) -> Iterator[str]:
    """Paths of texts that the CLI made of a date without quotes: such a text is nothing that a person wrote."""
    yield from _texts(value, steps, lambda text: _DATE_FROM_GO.fullmatch(text) is not None)


def ordered(value: Any) -> Any:
    """The document with the keys of every map sorted, as the CLI hands maps over: no meaning may hang on their order.
    Lists stay as they are."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value, key=str)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def changed_by_the_cli(value: Any, steps: Steps = ()) -> Iterator[str]:
    """Paths of texts that the CLI does not hand over as they are.

    It writes the file again before it reads it, and yaml.v3 loses a line break at the start of a text of several lines
    and cannot read its own writing of one that starts with a tab (seen with pulumi/sdk v3.274.1).
    """
    yield from _texts(value, steps, lambda text: "\n" in text and text.startswith(("\n", "\u2028", "\u2029", "\t")))


def _texts(value: Any, steps: Steps, wanted: Callable[[str], bool]) -> Iterator[str]:
    """Paths of the texts in a document that `wanted` says yes to."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from _texts(child, (*steps, step), wanted)
    if isinstance(value, str) and wanted(value):
        yield path_text(steps)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; tells plain texts from quoted ones."""

    ESCAPE_REPLACEMENTS: ClassVar = {  # type: ignore[misc]  # the stubs call it final
        key: text for key, text in yaml.SafeLoader.ESCAPE_REPLACEMENTS.items() if key != "/"
    }

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        del value
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STRING
        return _MAP if kind is yaml.MappingNode else _LIST


@dataclass
class _Reader:
    """Values of nodes, with the problems on the way."""

    problems: list[str] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _count: int = 0

    def value(self, node: yaml.Node, steps: Steps) -> Any:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise BadDocument(f"has more than {_MOST_VALUES} values when its aliases are expanded")
        if id(node) in self._open:
            self._problem(node, steps, "contains itself by an alias")
            return None
        self._open.add(id(node))
        try:
            return self._value(node, steps)
        finally:
            self._open.discard(id(node))

    def _value(self, node: yaml.Node, steps: Steps) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            return self._map(node, steps)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return [self.value(item, (*steps, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in (_PLAIN, _STRING):
            return self._scalar(node, steps)
        self._problem(node, steps, f"has the tag `{node.tag}`: write the value without it")
        return None

    def _scalar(self, node: yaml.ScalarNode, steps: Steps) -> Any:
        text: str = node.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._problem(node, steps, r"has half a character: write characters beyond \uFFFF as \U with 8 digits")
            return None
        if node.tag == _STRING:
            return text
        try:
            return plain_value(text)
        except Ambiguous as error:
            self._problem(node, steps, f"`{text}` {error}: put it in quotes")
            return None

    def _map(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            merges = isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<"
            key = "<<" if merges else self._key(key_node, steps)
            if key is None:
                continue
            line = key_node.start_mark.line + 1
            if key in lines:
                self._problem(key_node, (*steps, key), f"is in line {lines[key]} already: one of them would be lost")
                continue
            lines[key] = line
            if merges:
                merged = self._merged(value_node, steps)
            else:
                found[key] = self.value(value_node, (*steps, key))
        for other in merged:
            for key, value in self.value(other, steps).items():
                found.setdefault(key, value)
        return found

    def _key(self, node: yaml.Node, steps: Steps) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._problem(node, steps, "has a list or a map as a key")
            return None
        before = len(self.problems)
        value = self._scalar(node, steps)
        if isinstance(value, str):
            return value
        if len(self.problems) == before:
            self._problem(node, steps, f"the key `{node.value}` is not a text in YAML: put it in quotes")
        return None

    def _merged(self, node: yaml.Node, steps: Steps) -> list[yaml.Node]:
        """The maps that `<<` takes in; the first of them that has a key gives its value."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for each in nodes:
            if not isinstance(each, yaml.MappingNode) or each.tag != _MAP:
                self._problem(each, (*steps, "<<"), "takes a map, or a list of maps")
                return []
        return list(nodes)

    def _problem(self, node: yaml.Node, steps: Steps, said: str) -> None:
        where = path_text(steps)
        self.problems.append(f"line {node.start_mark.line + 1}: {where + ' ' if where else ''}{said}")
