"""The command, and hosts for it."""

from pathlib import Path

import pytest

from sandbox.hosts.errors import HostError
from sandbox.pulumi import command
from tests.live.require import refuse


@pytest.fixture(scope="session")
def pulumi_command() -> Path:
    """The CLI. Skips where there is none and it cannot be built, fails there with REQUIRE_LIVE=1."""
    try:
        return command.ensure()
    except HostError as error:
        refuse(f"NO PULUMI CLI: {error}")
