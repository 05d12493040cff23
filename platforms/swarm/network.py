"""Who may connect to whom: one overlay network a tier, and one for each word that is private.

A service stands on the network of its own tier, and on those of the tiers it opens connections to. A private word
stands on its own network alone, and the words that may connect to it join that as well. One that is scraped all the
same also stands on the network of the monitoring tier, where nobody else is: not the other way round, or each database
that is added would replace Prometheus. A change of networks replaces a service with all its replicas, so they follow
from what is fixed when a word is created.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network

import pulumi
import pulumi_docker as docker

from model import REACHES, Tier
from platforms.swarm.names import Names
from platforms.swarm.settings import SwarmSettings


class Networks:
    """The overlays of a stack, each created when the first service needs it."""

    def __init__(
        self, settings: SwarmSettings, names: Names, options: Callable[[], pulumi.ResourceOptions], prefix: str = ""
    ) -> None:
        self._settings = settings
        self._names = names
        self._options = options
        self._prefix = prefix
        self._overlays: dict[Tier, docker.Network] = {}
        self._guest_of: dict[str, list[docker.Network]] = {}
        self._rendered: set[str] = set()

    def of(
        self,
        name: str,
        tier: Tier,
        *,
        alias: str | None = None,
        private_to: Sequence[str] = (),
        scraped: bool = False,
    ) -> list[docker.ServiceTaskSpecNetworksAdvancedArgs]:
        """What a service of the word `name` joins; there it is also found under `alias`. `scraped`: monitoring reaches
        a private word, too.

        Raises ValueError for a word in `private_to` that has its networks already.
        """
        self._rendered.add(name)
        if private_to:
            joined = [self._private(name, private_to), *([self._overlay(Tier.MONITORING)] if scraped else [])]
        else:
            joined = [self._overlay(one) for one in dict.fromkeys((tier, *REACHES[tier]))]
        return [
            docker.ServiceTaskSpecNetworksAdvancedArgs(id=overlay.id, aliases=[alias] if alias is not None else None)
            for overlay in (*joined, *self._guest_of.get(name, ()))
        ]

    def apart(
        self, name: str, tier: Tier
    ) -> tuple[list[docker.ServiceTaskSpecNetworksAdvancedArgs], list[docker.ServiceTaskSpecNetworksAdvancedArgs]]:
        """What a service of the word `name` joins that one other service alone may connect to, and what that one joins:
        of the tiers its own, from which it reaches no other."""
        overlay = self._network(f"network-{name}-private", self._names.private_network(name))
        joined = [docker.ServiceTaskSpecNetworksAdvancedArgs(id=one.id) for one in (overlay, self._overlay(tier))]
        return joined[:1], joined

    def ids(self, tier: Tier) -> list[pulumi.Output[str]]:
        """The networks that services of `tier` join."""
        return [self._overlay(one).id for one in dict.fromkeys((tier, *REACHES[tier]))]

    def _private(self, name: str, guests: Sequence[str]) -> docker.Network:
        overlay = self._network(f"network-{name}-private", self._names.private_network(name))
        for guest in guests:
            if guest in self._rendered:
                raise ValueError(f"{name} is private to {guest}, which must come after it")
            self._guest_of.setdefault(guest, []).append(overlay)
        return overlay

    def _overlay(self, tier: Tier) -> docker.Network:
        if tier not in self._overlays:
            subnet = self._settings.subnets.get(tier)
            self._overlays[tier] = self._network(f"network-{tier}", self._names.network(tier), subnet)
        return self._overlays[tier]

    def _network(self, resource_name: str, name: str, subnet: IPv4Network | None = None) -> docker.Network:
        labels = self._names.labels(resource_name)
        return docker.Network(
            f"{self._prefix}{resource_name}",
            docker.NetworkArgs(
                name=name,
                driver="overlay",
                attachable=False,
                options={"encrypted": "true"} if self._settings.encrypt_overlays else None,
                ipam_configs=[docker.NetworkIpamConfigArgs(subnet=str(subnet))] if subnet else None,
                labels=[docker.NetworkLabelArgs(label=k, value=v) for k, v in sorted(labels.items())],
            ),
            opts=self._options(),
        )
