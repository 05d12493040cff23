"""The application in this process, or as a process of its own on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from sandbox.app.lifecycle import Lifecycle
from sandbox.app.settings import read_settings
from sandbox.app.web import create_app
from tests.app.process import AppProcess

StartApp = Callable[..., AppProcess]


@pytest.fixture
def lifecycle() -> Lifecycle:
    """Of the application behind `client`."""
    return Lifecycle()


@pytest.fixture
def client(lifecycle: Lifecycle) -> Iterator[TestClient]:
    """An application without databases."""
    with TestClient(create_app(read_settings({"APP_VERSION": "7"}), lifecycle)) as client:
        yield client


@pytest.fixture
def start_app() -> Iterator[StartApp]:
    """Starts `python -m app` with the given variables, and waits until it answers."""
    with ExitStack() as stack:
        yield lambda **env: stack.enter_context(AppProcess(env))


@pytest.fixture(scope="session")
def app() -> Iterator[AppProcess]:
    """One replica for every test that leaves it as it was."""
    with AppProcess({"APP_VERSION": "8"}) as app:
        yield app
