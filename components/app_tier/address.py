"""The facts of an application's address."""

from collections.abc import Mapping

from components.contracts import Terms
from components.facts import FactType


def address_terms(port: int | None, ports: Mapping[str, int]) -> Terms:
    """Of an application with these ports; nothing if it has none."""
    facts = {"port": FactType.PORT, "url": FactType.URL} if port is not None else {}
    facts |= {port_fact(name): FactType.PORT for name in ports}
    facts = {"host": FactType.HOST} | facts if facts else {}
    return Terms(facts=facts, standard=tuple(facts))


def port_fact(name: str) -> str:
    """The fact that is the number of the port `name`."""
    return f"{name.replace('-', '_')}_port"
