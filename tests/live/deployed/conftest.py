"""The deployed platforms, one after the other: the machine carries one at a time."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.kubernetes_site import KubernetesSite
from drills.loads import answers
from drills.site import Site
from drills.sites import SITES
from drills.swarm_site import STACK, SwarmSite
from sandbox.hosts.errors import HostError
from sandbox.pulumi import command
from tests.live.deployed.engines import engines
from tests.live.kubernetes_fixture import STARTED
from tests.live.require import require_hosts
from tests.live.summaries import SUMMARIES
from tests.stacks.fixtures import REPOSITORY

GIVEN_SECRET = "given-" + secrets.token_hex(16)
"""A key as a person would give it; new in every run, so that a search cannot find an old one."""


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("swarm", marks=[pytest.mark.live, pytest.mark.swarm]),
        pytest.param("kubernetes", marks=[pytest.mark.live, pytest.mark.kubernetes]),
    ],
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The live stack on new hosts: what a run that was killed left is removed, whose state is gone. A cluster that
    other tests of this session started is taken as it is.

    Removed at the end with its hosts, unless HA_KEEP=1.
    """
    require_hosts()
    kind = SITES[request.param]
    if not (request.param == "kubernetes" and request.config.stash.get(STARTED, False)):
        kind.clear()
    try:
        yield from _deployed(_made(kind, tmp_path_factory.mktemp(request.param)), request)
    finally:
        if os.environ.get("HA_KEEP") != "1":
            kind.clear()


def _made(kind: type[SwarmSite] | type[KubernetesSite], directory: Path) -> Site:
    pulumi = _pulumi()
    return kind(directory, lambda target: engines(pulumi, STACK, directory, target))


def _pulumi() -> Path | None:
    """The Pulumi CLI; nothing, and one line at the end of the log that cannot be overlooked, where it cannot be had."""
    try:
        return command.ensure()
    except HostError as error:
        SUMMARIES.append(f"NOTHING: NO PULUMI CLI, the sandbox engine deployed what is tested here: {error}")
        return None


def _deployed(made: Site, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The stack goes up; logs are kept when that, or a test on it, fails."""
    logs = REPOSITORY / "out" / "logs" / request.param
    shutil.rmtree(logs, ignore_errors=True)
    failed_before = request.session.testsfailed
    try:
        deployment = made.deployment
        deployment.init()
        deployment.give_secret("model_api_key", GIVEN_SECRET)
        assert set(deployment.previewed(lambda _: None).values()) == {"create"}
        deployment.up_ok(policies=True)
        for entry in made.entries:  # a node's port answers a moment after the Service is there
            answers(entry, "/ready")
        yield made
    except BaseException:
        made.keep_logs(logs)
        raise
    if request.session.testsfailed > failed_before:
        made.keep_logs(logs)


@pytest.fixture(scope="session")
def given_secret() -> str:
    """The value of the given secret."""
    return GIVEN_SECRET


@pytest.fixture(scope="session")
def reports() -> Path:
    """Where measurements are written."""
    directory = REPOSITORY / "out" / "live"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
