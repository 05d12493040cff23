"""The examples, read: each folder's stack file and its README, which may give the file's other platform."""

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
from settings.document import read_document
from tests.mock_engine import Recorded, render
from tests.rendered.given_certificate import given_certificate
from tests.stacks.fixtures import REPOSITORY, settings_of

DIRECTORY = REPOSITORY / "examples"
_KEY = re.compile(r"\bKEY=([a-z0-9_]+)")
_PLATFORM = re.compile(r"```yaml\n( *platform:\n.*?)```", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One folder of `examples/`, on the platform of its file or on the one that its README has."""

    path: Path
    moved: bool = False
    """Whether `platform` is the README's, in place of the file's."""

    @property
    def id(self) -> str:
        return f"{self.name} moved" if self.moved else self.name

    @property
    def name(self) -> str:
        """The stack's name, as in the file's name."""
        return self.path.name.removeprefix("Pulumi.").removesuffix(".yaml")

    @property
    def readme(self) -> Path:
        return self.path.with_name("README.md")

    def settings(self) -> dict[str, Any]:
        """What stands under `ha-platform:stack`."""
        settings, _ = settings_of(self.path)
        return settings | self.other_platform() if self.moved else settings

    def other_platform(self) -> dict[str, Any]:
        """What the README puts in place of the file's `platform`; empty if it has no such block."""
        found = _PLATFORM.search(self.readme.read_text())
        return dict(read_document(found[1])) if found else {}

    def document(self) -> Any:
        """The whole file."""
        return yaml.safe_load(self.path.read_text())

    def secrets(self) -> frozenset[str]:
        """The secrets that the README tells people to give."""
        return frozenset(_KEY.findall(self.readme.read_text()))

    def stack(self) -> Stack:
        """The typed settings; raises BrokenStack."""
        return _checked(self)


@cache
def _checked(example: Example) -> Stack:
    return check(example.settings(), source=example.path.name, secret_names=example.secrets())


EXAMPLES = [Example(path=path) for path in sorted(DIRECTORY.glob("*/Pulumi.*.yaml"))]
ON_EACH_PLATFORM = [*EXAMPLES, *(Example(path=one.path, moved=True) for one in EXAMPLES if one.other_platform())]


def given_value(secret: str) -> str:
    """What the tests give as the value of a secret."""
    return _certificate() if secret.endswith("certificate") else f"value-of-{secret}"


@cache
def _certificate() -> str:
    return given_certificate()


@cache
def rendered(example: Example) -> tuple[Recorded, ...]:
    """What the program registers for an example whose secrets were given; raises BrokenStack for a refusal."""
    return composed(example, example.stack())


def composed(example: Example, stack: Stack) -> tuple[Recorded, ...]:
    """The same of another form of its stack."""

    def build(_: pulumi.Resource) -> None:
        secrets = {name: pulumi.Output.secret(given_value(name)) for name in example.secrets()}
        compose(StackInput(source=example.path.name, stack=stack, secrets=secrets), stack_name=example.name)

    return tuple(render(build, stack=example.name))
