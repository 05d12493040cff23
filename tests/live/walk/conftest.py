"""Somebody with the Pulumi CLI and a copy of this repository."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.live.walk.person import Person

Makes = Callable[[Mapping[str, str]], Person]


@pytest.fixture
def person(pulumi_command: Path, tmp_path: Path) -> Makes:
    """Makes a person whose hosts are named by a variable, DOCKER_HOST or KUBECONFIG, once it is exported."""
    return lambda target: Person(pulumi_command, tmp_path, target)
