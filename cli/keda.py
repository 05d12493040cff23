"""Whether a cluster has KEDA, where a stack needs it: it is the cluster's, and no stack installs it."""

from collections.abc import Iterator
from http import HTTPStatus

from cli.clients import answering, kubernetes_api
from cli.errors import CommandError
from cli.hosts import Hosts
from composition.stack import Stack
from model import Origin
from platforms.kubernetes.keda import API_VERSION, PLURAL


def check_keda(settings: Stack, hosts: Hosts) -> None:
    """Raises CommandError for a cluster that does not know `ScaledObject`."""
    needing = [*_needing(settings)]
    if not needing or _knows(hosts):
        return
    raise CommandError(
        f"{', '.join(needing)}: this needs KEDA, and the {hosts.description} does not know {PLURAL} of {API_VERSION}. "
        "Install KEDA 2.13 or newer there (https://keda.sh/docs/latest/deploy/), or scale by `cpu` and `memory` alone."
    )


def _needing(settings: Stack) -> Iterator[str]:
    for name, app in settings.apps.items():
        for key in app.scaling.beyond_resources if app.scaling else ():
            yield str(Origin(key="apps", name=name).at("scaling", key))


def _knows(hosts: Hosts) -> bool:
    """By what the API server serves: whoever may log in may ask that."""
    group, _, version = API_VERSION.partition("/")
    with answering(hosts):
        client = kubernetes_api(hosts)
        try:
            found = client.CustomObjectsApi().get_api_resources(group, version)
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return any(one.name == PLURAL for one in found.resources)
