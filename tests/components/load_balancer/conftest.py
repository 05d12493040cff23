"""Fixtures: the haproxy binary, replicas, a certificate."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.load_balancer.replica import Replica


@pytest.fixture(scope="session")
def haproxy() -> str:
    """The real binary. Without it a test is skipped by name, or fails where REQUIRE_LIVE=1."""
    path = shutil.which("haproxy")
    if path is None:
        missing = "haproxy is not installed (apt-get install haproxy)"
        if os.environ.get("REQUIRE_LIVE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


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
