"""Ports that no platform can offer."""

from collections import Counter
from collections.abc import Iterator, Sequence

from model import Port, PublicPort
from platforms.base import Refused


def refusals(ports: Sequence[Port], public_ports: Sequence[PublicPort] = ()) -> Iterator[Refused]:
    """Two ports alike, and a published port that is not a port of the container."""
    for alike in ([port.name for port in ports], [port.number for port in ports]):
        for value, times in Counter(alike).items():
            if times > 1:
                yield Refused("ports", value, f"{times} ports have this; give each its own")
    names = {port.name for port in ports}
    for public in public_ports:
        if public.port not in names:
            known = ", ".join(sorted(names)) or "none"
            yield Refused(f"public_ports.{public.port}", public.port, f"no port has this name; there are: {known}")
    first: dict[int, str] = {}
    for public in public_ports:
        owner = first.setdefault(public.published, public.port)
        if owner != public.port:
            field = f"public_ports.{public.port}"
            yield Refused(field, public.published, f"`{owner}` is published there; choose another port")


def single_member_refusals(count: int, public_ports: Sequence[PublicPort]) -> Iterator[Refused]:
    """A published port leads to some member, and clients want a certain one. A page for operators is on each."""
    for_clients = [str(public.published) for public in public_ports if public.audience == "clients"]
    if for_clients and count > 1:
        yield Refused(
            "public_ports",
            ", ".join(for_clients),
            f"a published port leads to one member, and there are {count}; publish a proxy in front of them",
        )


def peer_refusals(peer_ports: Sequence[str], ports: Sequence[Port]) -> Iterator[Refused]:
    """A port that is for the members alone is one of theirs."""
    known = [port.name for port in ports]
    for name in peer_ports:
        if name not in known:
            yield Refused("peer_ports", name, f"no port has this name; there are: {', '.join(known) or 'none'}")


def private_refusals(
    private_to: Sequence[str], public_ports: Sequence[PublicPort], ports: Sequence[Port], metrics_port: str | None
) -> Iterator[Refused]:
    """A published port is for everybody, and monitoring reaches every port where nothing is private."""
    if private_to and public_ports:
        yield Refused("private_to", ", ".join(private_to), "its ports are also published; remove one of the two")
    if metrics_port is not None and not private_to:
        yield Refused("metrics_port", metrics_port, "monitoring reaches every port without `private_to`; remove it")
    elif metrics_port is not None and metrics_port not in (known := [port.name for port in ports]):
        yield Refused("metrics_port", metrics_port, f"no port has this name; there are: {', '.join(known) or 'none'}")
