"""What holds for every test."""

import gc

from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code.
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("quick", deadline=None, suppress_health_check=SLOW, max_examples=40)
settings.register_profile("thorough", deadline=None, suppress_health_check=SLOW, max_examples=150)
settings.load_profile("quick")  # `--hypothesis-profile thorough` for the other


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: Python's collector need not look at them after each test.

    A fifth of the offline tests' processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
