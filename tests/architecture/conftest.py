"""What holds where sources are parsed."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """`ast.parse` of Python 3.11 fails when the collector drops an unfinished task in the middle of it: the report of
    the task parses, too (github.com/python/cpython/issues/106905)."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
