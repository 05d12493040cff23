"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code.
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("quick", deadline=None, suppress_health_check=SLOW, max_examples=40)
settings.register_profile("thorough", deadline=None, suppress_health_check=SLOW, max_examples=150)
settings.load_profile("quick")  # `--hypothesis-profile thorough` for the other
