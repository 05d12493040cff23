"""Fixtures: engines whose real program is there, replicas, a certificate."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.load_balancer.engines import ENGINES
from tests.components.load_balancer.programs import program
from tests.components.load_balancer.replica import Replica


@pytest.fixture(
    scope="module",
    # The machine has HAProxy; the others are fetched, which is nothing for offline checks.
    params=[pytest.param(name, marks=[] if name == "haproxy" else pytest.mark.live) for name in ENGINES],
)
def engine(request: pytest.FixtureRequest) -> str:
    """Every engine, one after another. Without its program a test is skipped by name, or fails where REQUIRE_LIVE=1."""
    program(request.param)
    return str(request.param)


@pytest.fixture(scope="session")
def haproxy() -> str:
    """The one engine of what the others refuse."""
    program("haproxy")
    return "haproxy"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and its key in one file, as the component mounts it."""
    directory = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    bundle = directory / "site.pem"
    bundle.write_text((directory / "cert.pem").read_text() + (directory / "key.pem").read_text())
    return bundle


@pytest.fixture
def replicas() -> Iterator[list[Replica]]:
    """Three replicas on addresses of their own and one port."""
    first = Replica("127.0.0.11")
    three = [first, Replica("127.0.0.12", first.port), Replica("127.0.0.13", first.port)]
    yield three
    for replica in three:
        replica.kill()
