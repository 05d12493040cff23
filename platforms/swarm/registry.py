"""Logins at registries: the provider gives them to the Swarm with each service, and its nodes pull with them."""

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from platforms.base import Login
from settings.images import registry_host

LOGIN_LABEL = "ha-platform.registry-login"
"""On services: another text with each new password. The Swarm keeps the login of a service's last update, so a changed
label hands the new one over; labels of a service restart nothing."""


class Logins:
    """The logins of a stack. They are the provider's own: a login in a service would replace it when it changes."""

    def __init__(self, logins: Sequence[Login]) -> None:
        self._logins = {login.host: login for login in logins}
        self._marks: dict[str, random.RandomId] = {}

    def for_provider(self) -> list[docker.ProviderRegistryAuthArgs] | None:
        """What the provider is configured with."""
        return [
            docker.ProviderRegistryAuthArgs(address=login.host, username=login.username, password=login.password)
            for login in self._logins.values()
        ] or None

    def labelled(self, service: docker.ServiceArgs, image: str) -> docker.ServiceArgs:
        """`service` with the mark of the login that its image is pulled with."""
        login = self._logins.get(registry_host(image) or "")
        if login:
            assert isinstance(service.labels, list), "the renderers give a list"
            service.labels = [*service.labels, docker.ServiceLabelArgs(label=LOGIN_LABEL, value=self._mark(login).hex)]
        return service

    def _mark(self, login: Login) -> random.RandomId:
        if login.host not in self._marks:
            keepers = {"login": pulumi.Output.concat(login.username, ":", login.password)}
            self._marks[login.host] = random.RandomId(f"registry-login-{login.host}", byte_length=4, keepers=keepers)
        return self._marks[login.host]
