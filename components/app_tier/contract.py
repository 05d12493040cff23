"""What an application tells other applications: where its replicas answer.

It follows from names alone, so applications may use each other: none waits for another one.
"""

from components.app_tier.address import port_fact
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract
from platforms.base import Platform


def app_contract(name: str, settings: AppTierSettings, platform: Platform) -> ClientContract | None:
    """Of an application with a port."""
    terms = settings.terms()
    if not terms.facts:
        return None
    host = platform.host(name)
    values = {"host": host} | {port_fact(port): str(number) for port, number in settings.ports.items()}
    if settings.port is not None:
        values |= {"port": str(settings.port), "url": f"http://{host}:{settings.port}"}
    return ClientContract(terms=terms, values=values)
