"""Where the Pulumi CLI writes: into a folder of the commands, so that no file of the repository changes by itself.

The CLI adds an `encryptionsalt` to a stack file that has none. It then works on a copy, which keeps that salt.
"""

from pathlib import Path
from typing import Any

import yaml

from cli.stack_file import REPOSITORY, StackFile
from cli.state import made, state_directory

SALT = "encryptionsalt"
_OWN_ENCRYPTION = (SALT, "encryptedkey", "secretsprovider")


class CliFiles:
    """A project of the CLI in the state directory, with the stack's file."""

    def __init__(self, stack: StackFile) -> None:
        self._stack = stack
        self._copy = state_directory() / "project" / f"Pulumi.{stack.name}.yaml"

    def directory(self) -> Path:
        """The project, for commands that run no program. It is as the repository and the stack's file are now."""
        made(self._copy.parent)
        (self._copy.parent / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8"))
        text = self._stack.path.read_text(encoding="utf-8") if self._stack.path.exists() else ""
        if not self._has_own_encryption() and (salt := _read(self._copy).get(SALT)):
            text = f"{text.rstrip()}\n{SALT}: {salt}\n"
        self._copy.write_text(text, encoding="utf-8")
        return self._copy.parent

    def config_file(self) -> Path:
        """The stack's settings, for commands that run the program."""
        self.directory()
        return self._stack.path if self._has_own_encryption() else self._copy

    def _has_own_encryption(self) -> bool:
        return not _read(self._stack.path).keys().isdisjoint(_OWN_ENCRYPTION)


def _read(path: Path) -> dict[str, Any]:
    """The top of a YAML map in block style; nothing else takes a line more at its end."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return {}
    return {str(key.value): value.value for key, value in root.value}
