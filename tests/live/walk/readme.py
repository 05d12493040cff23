"""The README as a person follows it: the commands and settings that it tells, from its own text."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from tests.stacks.fixtures import REPOSITORY

STACK = "mine"
"""As the README calls a person's own stack."""
_PROGRAMS = ("cp ", "export ", "make ", "pulumi ")
_COMMAND = re.compile(r"^```\n(?P<block>.*?)^```$|`(?P<inline>[^`\n]+)`", re.M | re.S)
_SETTINGS = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Section:
    """What stands below one of the README's headings."""

    text: str

    @property
    def commands(self) -> list[str]:
        """The commands to type, in order: in blocks and between words. `make up` between words only names a command;
        one to type says the stack, or needs none."""
        text = _SETTINGS.sub("", self.text)
        found = [line for match in _COMMAND.finditer(text) for line in (match["block"] or match["inline"]).splitlines()]
        return [line for line in found if line.startswith(_PROGRAMS) and _whole(line)]

    @property
    def settings(self) -> dict[str, Any]:
        """What the YAML block sets."""
        (block,) = _SETTINGS.findall(self.text)
        settings: dict[str, Any] = yaml.safe_load(block)
        return settings


def section(heading: str) -> Section:
    """The section of the README with this heading."""
    parts = re.split(r"^## (.+)$", (REPOSITORY / "README.md").read_text(), flags=re.M)
    return Section(dict(zip(parts[1::2], parts[2::2], strict=True))[heading])


def _whole(command: str) -> bool:
    return STACK in command or command in ("make setup", "pulumi login") or command.startswith("export ")
