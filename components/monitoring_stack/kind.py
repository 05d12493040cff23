"""The monitoring stack as a kind of component."""

from collections.abc import Iterator

from components.groups import group
from components.kind import Build, Built, Gives, ImageNeed, Kind, Part, Reference, SecretUse
from components.monitoring_stack import alertmanager, grafana, node_exporter
from components.monitoring_stack.added import secrets as target_secrets
from components.monitoring_stack.added_rules import RULES
from components.monitoring_stack.component import MonitoringStack
from components.monitoring_stack.images import MonitoringImages
from components.monitoring_stack.prometheus import prometheus_resources
from components.monitoring_stack.settings import MonitoringSettings
from guarantees.surroundings import Surroundings
from guarantees.topology import Group
from model import Resources
from settings.certificates import certificates

KEY = "monitoring"


def _build(build: Build[MonitoringSettings]) -> Built:
    images, settings = build.images, build.settings
    MonitoringStack(
        build.name,
        settings,
        platform=build.platform,
        images=MonitoringImages(
            prometheus=images.store("prometheus"),
            alertmanager=images.store("alertmanager"),
            node_exporter=images.of("node-exporter"),
            python=images.of("postgres"),
            grafana=images.store("grafana") if settings.grafana else None,
        ),
        declared=[one.observability for one in build.built.values()],
        secrets=build.values,
        given=build.given,
        origin=build.origin,
    )
    return Built(outputs={key.removesuffix(".port"): port for key, port in _ports(settings)})


def _images(settings: MonitoringSettings | None) -> Iterator[ImageNeed]:
    if settings is None:
        return
    yield ImageNeed("prometheus", keeps_data=True, below="prometheus", version=("prometheus", "--version"))
    yield ImageNeed("alertmanager", keeps_data=True, below="alertmanager", version=("alertmanager", "--version"))
    if settings.node_exporter:
        yield ImageNeed("node-exporter", below="node_exporter", version=("node_exporter", "--version"))
    if settings.grafana:
        yield ImageNeed("grafana", keeps_data=True, below="grafana", version=("grafana", "--version"))


def _ports(settings: MonitoringSettings) -> Iterator[tuple[str, int]]:
    yield "prometheus.port", settings.prometheus.port
    yield "alertmanager.port", settings.alertmanager.port
    if settings.grafana:
        yield "grafana.port", settings.grafana.port


def _groups(part: Part[MonitoringSettings], around: Surroundings) -> Iterator[Group]:
    """One of each, with its volume, and an exporter on every host."""
    settings = part.settings
    one: dict[str, tuple[Resources, str]] = {
        "prometheus": (prometheus_resources(settings.prometheus), "metrics"),
        "alertmanager": (alertmanager.RESOURCES, "alerts"),
        "grafana": (grafana.RESOURCES, "dashboards"),
    }
    for key, (resources, without) in one.items():
        if server := getattr(settings, key):
            hosts = (server.host,) if server.host else around.names[:1]
            yield group(key, 1, resources, hosts=hosts, without=without)
    if settings.node_exporter:
        yield group("node-exporter", 1, node_exporter.RESOURCES, everywhere=True, without="metrics of hosts")


def _secrets(settings: MonitoringSettings) -> Iterator[SecretUse]:
    for index, receiver in enumerate(settings.alertmanager.receivers):
        for key, name in receiver.secrets():
            yield SecretUse(f"alertmanager.receivers[{index}].{key}", name)
    if settings.dead_man:
        for key, name in settings.dead_man.secrets():
            yield SecretUse(f"dead_man.{key}", name)
    for target, one in settings.targets.items():
        for key, name in target_secrets(one):
            form = certificates if key.endswith("ca_secret") else str
            yield SecretUse(f"targets.{target}.{key}", name, mounted=True, agreed=True, form=form)


def _uses(settings: MonitoringSettings) -> Iterator[Reference]:
    """Whose alerts somebody gets, or nobody has to; its own are there."""
    own = settings.alertmanager
    named = [(f"unheard[{index}]", name) for index, name in enumerate(own.unheard)]
    for which, receiver in enumerate(own.receivers):
        names = receiver.match.components or ()
        named += [(f"receivers[{which}].match.components[{index}]", name) for index, name in enumerate(names)]
    for key, name in named:
        if name != KEY:
            yield Reference(f"alertmanager.{key}", name, Gives.ALERTS)
    for rule, its in settings.rules.items():
        if its.component != KEY:
            yield Reference(f"rules.{rule}.component", its.component, Gives.ALERTS)


def _keeps(settings: MonitoringSettings) -> Iterator[str]:
    yield from ("prometheus", "alertmanager")
    if settings.grafana:
        yield "grafana"


def _server(key: str) -> dict[str, str]:
    """The keys of one server: a field of its word -> key."""
    return {
        "name": key,
        "hosts": f"{key}.host",
        "abandon_data_on": f"{key}.abandon_data_on",
        "node_labels": f"{key}.placement.labels",
        "tolerations": f"{key}.placement.tolerations",
        "public_ports": f"{key}.port",
    }


MONITORING = Kind(
    key=KEY,
    single=True,
    build=_build,
    images=_images,
    groups=_groups,
    ports=_ports,
    secrets=_secrets,
    uses=_uses,
    keeps=_keeps,
    rules=RULES,
    keys={
        "prometheus": _server("prometheus") | {"volume.size_bytes": "prometheus.volume"},
        "alertmanager": _server("alertmanager") | {"receivers": "alertmanager.receivers"},
        "grafana": _server("grafana"),
        "node_exporter": {"name": "node_exporter"},
    },
)
