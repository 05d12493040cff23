"""What holds for every test."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.server_logs import written_since

# How long an example takes says something about the machine, not about the code.
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("quick", deadline=None, suppress_health_check=SLOW, max_examples=25)
settings.register_profile("thorough", deadline=None, suppress_health_check=SLOW, max_examples=100)
settings.load_profile("quick")  # `--hypothesis-profile thorough` for the other


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: Python's collector need not look at them after each test.

    A fifth of the offline tests' processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A live test that fails shows what its servers said."""
    report = yield
    factory = getattr(item.config, "_tmp_path_factory", None)
    if report.failed and factory and item.get_closest_marker("live"):
        report.sections += written_since(factory.getbasetemp(), call.start)
    return report
