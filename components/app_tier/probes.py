"""The health checks of an application tier, as neutral words."""

from components.app_tier.settings import AppTierSettings
from model import ExecCheck, HttpCheck, Probe, Probes, TcpCheck


def probes(settings: AppTierSettings) -> Probes:
    """HTTP checks for tiers with a port for them; connections, or the given commands, for others."""
    chosen = settings.probes
    live: HttpCheck | TcpCheck | ExecCheck
    ready: HttpCheck | TcpCheck | ExecCheck
    if (port := settings.probed_port) is not None:
        live = HttpCheck(path=chosen.health, port=port, host=chosen.host)
        ready = HttpCheck(path=chosen.ready or chosen.health, port=port, host=chosen.host)
    elif chosen.tcp is not None:
        live = ready = TcpCheck(port=settings.ports[chosen.tcp])
    else:
        assert chosen.command is not None, "the settings require a command for tiers without a port"
        ready = ExecCheck(command=chosen.command)
        live = ExecCheck(command=chosen.live.command or chosen.command)
    return Probes(
        ready=Probe(
            check=ready,
            interval_seconds=chosen.interval,
            timeout_seconds=chosen.timeout,
            failures=chosen.failures,
        ),
        live=Probe(
            check=live,
            interval_seconds=chosen.live_interval,
            timeout_seconds=chosen.live_timeout,
            failures=chosen.live_failures,
        ),
        start_seconds=chosen.start,
    )
