"""A project in a directory, with resources of the fake provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine.cli import main
from tests.engine.stack import Stack

THINGS = """
import pulumi
class Thing(pulumi.CustomResource):
    address: pulumi.Output[str]
    def __init__(self, resource_name, opts=None, /, **inputs):
        super().__init__("fake:index:Thing", resource_name, {**inputs, "address": None}, opts)
"""


class Program:
    """A project in a directory; commands run in this process, the program in its own."""

    def __init__(self, root: Path, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.stack = stack
        self._capsys = capsys
        (root / "Pulumi.yaml").write_text("name: proj\nruntime: python\n", encoding="utf-8")
        (root / "Pulumi.dev.yaml").write_text("config:\n  size: 1\n  fake:token: t\n", encoding="utf-8")

    def write(self, text: str) -> None:
        (self.root / "__main__.py").write_text(THINGS + text, encoding="utf-8")

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        code = main([arguments[0], "-s", "dev", "--cwd", str(self.root), *arguments[1:]])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err
