"""The examples, read: each folder's stack file and its README."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml

from composition.compose import compose
from composition.read import StackInput, check
from composition.stack import Stack
from tests.mock_engine import Recorded, render
from tests.stacks.fixtures import REPOSITORY, settings_of

DIRECTORY = REPOSITORY / "examples"
_KEY = re.compile(r"\bKEY=([a-z0-9_]+)")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One folder of `examples/`."""

    path: Path

    @property
    def name(self) -> str:
        """The stack's name, as in the file's name."""
        return self.path.name.removeprefix("Pulumi.").removesuffix(".yaml")

    @property
    def readme(self) -> Path:
        return self.path.with_name("README.md")

    def settings(self) -> dict[str, Any]:
        """What stands under `ha-platform:stack`."""
        return settings_of(self.path)[0]

    def document(self) -> Any:
        """The whole file."""
        return yaml.safe_load(self.path.read_text())

    def secrets(self) -> frozenset[str]:
        """The secrets that the README tells people to give."""
        return frozenset(_KEY.findall(self.readme.read_text()))

    def stack(self) -> Stack:
        """The typed settings; raises BrokenStack."""
        return check(self.settings(), source=self.path.name, secret_names=self.secrets())


EXAMPLES = [Example(path=path) for path in sorted(DIRECTORY.glob("*/Pulumi.*.yaml"))]


def given_value(secret: str) -> str:
    """What the tests give as the value of a secret."""
    return f"value-of-{secret}"


@cache
def rendered(example: Example) -> tuple[Recorded, ...]:
    """What the program registers for an example whose secrets were given; raises BrokenStack for a refusal."""
    stack = example.stack()

    def build(_: pulumi.Resource) -> None:
        secrets = {name: pulumi.Output.secret(given_value(name)) for name in example.secrets()}
        compose(StackInput(source=example.path.name, stack=stack, secrets=secrets), stack_name=example.name)

    return tuple(render(build, stack=example.name))
