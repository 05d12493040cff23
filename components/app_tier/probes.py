"""The health checks of an application tier, as neutral words."""

from components.app_tier.settings import AppTierSettings
from model import ExecCheck, HttpCheck, Probe, Probes


def probes(settings: AppTierSettings) -> Probes:
    """HTTP checks for tiers with a port, the given command for workers."""
    chosen = settings.probes
    live: HttpCheck | ExecCheck
    if settings.port is not None:
        live = HttpCheck(path=chosen.health, port=settings.port)
        ready: HttpCheck | ExecCheck = HttpCheck(path=chosen.ready or chosen.health, port=settings.port)
    else:
        assert chosen.command is not None, "the settings require a command for tiers without a port"
        live = ready = ExecCheck(command=chosen.command)

    def probe(check: HttpCheck | ExecCheck) -> Probe:
        return Probe(
            check=check,
            interval_seconds=chosen.interval,
            timeout_seconds=chosen.timeout,
            failures=chosen.failures,
        )

    return Probes(ready=probe(ready), live=probe(live), start_seconds=chosen.start)
