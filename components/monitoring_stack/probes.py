"""The health checks that the servers of the monitoring stack share."""

from model import HttpCheck, Probe, Probes


def http_probes(*, ready: str, live: str, port: int, start_seconds: int) -> Probes:
    """Ready at `ready`; restarted when `live` has failed for a minute: a busy server is not killed."""
    return Probes(
        ready=Probe(check=HttpCheck(path=ready, port=port), interval_seconds=2, timeout_seconds=2),
        live=Probe(check=HttpCheck(path=live, port=port), interval_seconds=5, failures=12),
        start_seconds=start_seconds,
    )
