"""What the commands must know of a stack before any engine reads it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CommandError

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack's name, file and settings as written (not validated: the program does that)."""

    name: str
    path: Path
    settings: dict[str, Any]

    @property
    def platform(self) -> str:
        """`swarm`, `kubernetes`, or an empty text when the file does not say."""
        platform = self.settings.get("platform")
        return str(platform.get("kind", "")) if isinstance(platform, dict) else ""

    @property
    def sandbox(self) -> bool:
        """Whether it runs on sandbox images, and so on sandbox hosts."""
        images = self.settings.get("images")
        return isinstance(images, dict) and images.get("source") == "sandbox"


def stack_file(name: str) -> StackFile:
    """The stack `name`, from STACK_FILE or `Pulumi.<name>.yaml`."""
    given = os.environ.get("STACK_FILE", "")
    path = Path(given).resolve() if given else REPOSITORY / f"Pulumi.{name}.yaml"
    if not path.is_file():
        stacks = ", ".join(sorted(file.name.split(".")[1] for file in REPOSITORY.glob("Pulumi.*.yaml")))
        raise CommandError(f"{path} does not exist; the stacks here are {stacks}, or give STACK_FILE=path.")
    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise CommandError(f"{path} is not YAML{place}; mend its syntax.") from None
    config = document.get("config") if isinstance(document, dict) else None
    settings = config.get("ha-platform:stack") if isinstance(config, dict) else None
    return StackFile(name=name, path=path, settings=settings if isinstance(settings, dict) else {})
