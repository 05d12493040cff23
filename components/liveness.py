"""The liveness check of small servers."""

from model import HttpCheck, Probe


def liveness(check: HttpCheck) -> Probe:
    """Restarts what has not answered for a minute. Slower than any readiness check: a busy host, or a check that fails
    together with what it depends on, must not restart what would be well by itself."""
    return Probe(check=check, interval_seconds=10, timeout_seconds=5, failures=6)
