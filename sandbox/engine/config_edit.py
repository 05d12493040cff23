"""Setting one value in a stack file and leaving every other line as it is, comments too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from sandbox.engine.checkpoint import Crypter
from sandbox.engine.errors import EngineError
from sandbox.engine.files import write_atomically
from sandbox.engine.stack_config import load_yaml, project_name
from sandbox.engine.values import Path as PropertyPath
from sandbox.engine.values import parse_path
from settings.yaml_scalars import Ambiguous, plain_value


def set_config(
    file: Path,
    directory: Path,
    key: str,
    value: str,
    *,
    secret: bool,
    path: bool,
    crypter: Callable[[str], Crypter],
) -> None:
    """Writes `value` under `key` (`name` or `namespace:name`); with `path` the key is followed by a property path. A
    secret is encrypted with the salt of the file, which gets one when it has none."""
    namespace, _, rest = key.rpartition(":")
    if path:
        namespace, _, rest = key.partition(":") if ":" in key.split(".", 1)[0] else ("", "", key)
    try:
        steps: PropertyPath = parse_path(rest) if path else (rest,)
    except ValueError as error:
        raise EngineError(f"config key {key!r}: {error}") from None
    if not rest or not steps:
        raise EngineError(f"config key {key!r}: expected a name, or namespace:name")
    project = project_name(directory)
    document = load_yaml(file) if file.exists() else {}
    # A key of the project may stand there without its namespace.
    bare = namespace in ("", project) and steps[0] in (document.get("config") or {})
    full = steps[0] if bare else f"{namespace or project}:{steps[0]}"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    content: Any = value
    if secret:
        salt = document.get("encryptionsalt") or ""
        sealer = crypter(salt)
        content = {"secure": sealer.encrypt(value)}
        if not salt:
            text = put(text, ("encryptionsalt",), sealer.state)
    elif path:
        content = _typed(value)
    write_atomically(file, put(text, ("config", full, *steps[1:]), content), mode=0o644)


def _typed(value: str) -> Any:
    """As the CLI does with --path: true, false and whole numbers are not strings."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"-?(0|[1-9]\d*)", value) else value


def put(text: str, path: PropertyPath, value: Any) -> str:
    """`text`, a YAML mapping, with `value` at `path`."""
    root = yaml.compose(text)
    if root is None:
        return text + _block({path[0]: _nested(path[1:], value)}, 0)
    node = root
    for depth, step in enumerate(path):
        child = _child(node, step)
        if child is None:
            assert isinstance(node, yaml.CollectionNode)
            return _insert(text, node, path[depth:], value, root is node)
        node = child
    # A list may stand in the column of its key, where a plain value may not.
    indent = "  " if isinstance(node, yaml.CollectionNode) and not node.flow_style else ""
    return text[: node.start_mark.index] + indent + _inline(value) + _tail(text, node)


def _tail(text: str, node: yaml.Node) -> str:
    end = node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        # A block ends where the next token begins: give back the white space and comments in between.
        body = text[node.start_mark.index : end]
        lines = body.splitlines(keepends=True)
        while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            end -= len(lines.pop())
        if lines[-1].endswith("\n"):
            end -= 1
    return text[end:]


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    raise EngineError(f"cannot set {step!r} in line {node.start_mark.line + 1}: it is a plain value there")


def _insert(text: str, node: yaml.CollectionNode, path: PropertyPath, value: Any, top: bool) -> str:
    content = _nested(path[1:], value)
    if isinstance(node, yaml.SequenceNode):
        if path[0] != len(node.value):
            raise EngineError(
                f"cannot set item {path[0]}: the list in line {node.start_mark.line + 1} has {len(node.value)}"
            )
        item: Any = [content]
    else:
        item = {str(path[0]): content}
    if node.flow_style or not node.value:
        return _insert_in_flow(text, node, item)
    column = 0 if top else node.start_mark.column
    end = len(text) - len(_tail(text, node))
    before = text[:end]
    return before + ("" if before.endswith("\n") else "\n") + _block(item, column).rstrip("\n") + text[end:]


def _insert_in_flow(text: str, node: yaml.CollectionNode, item: Any) -> str:
    inner = _inline(item)
    if not node.value:
        return text[: node.start_mark.index] + inner + text[node.end_mark.index :]
    close = node.end_mark.index - 1
    return f"{text[:close].rstrip()}, {inner[1:-1]}{text[close:]}"


def _nested(path: PropertyPath, value: Any) -> Any:
    for step in reversed(path):
        if isinstance(step, int):
            if step != 0:
                raise EngineError(f"cannot set item {step} of a list that is not there")
            value = [value]
        else:
            value = {step: value}
    return value


def _inline(value: Any) -> str:
    """JSON is YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _block(value: Any, column: int) -> str:
    dumped = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True, width=10_000
    )
    return "".join(" " * column + line for line in dumped.splitlines(keepends=True))


class _Dumper(yaml.SafeDumper):
    """Quotes what the reader would not take for the same text."""


def _quoted_where_needed(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    try:
        same = plain_value(text) == text
    except Ambiguous:
        same = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if same else '"')


_Dumper.add_representer(str, _quoted_where_needed)
