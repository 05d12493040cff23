"""Load balancers as a kind of component."""

from collections.abc import Iterator, Mapping

from components.contracts import Counted
from components.groups import group
from components.kind import Build, Built, Gives, ImageNeed, Kind, Part, Reference, SecretUse
from components.load_balancer.component import LoadBalancer
from components.load_balancer.engines import ENGINES
from components.load_balancer.rules import ADVICE, RULES
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.watched import job
from guarantees.drain import Drain
from guarantees.surroundings import Surroundings
from guarantees.topology import Group
from settings.certificates import certificates, first_end


def _build(build: Build[LoadBalancerSettings]) -> Built:
    backends = {}
    for reference in _uses(build.settings):
        backend = build.built[reference.name].backend
        assert backend is not None, "a rule refuses routes to what has no port"
        backends[reference.name] = backend
    balancer = LoadBalancer(
        build.name,
        build.settings,
        platform=build.platform,
        image=build.images.of(ENGINES[build.settings.engine].pin),
        backends=backends,
        certificates=build.values,
        origin=build.origin,
    )
    entry, tcp = balancer.entry, dict(balancer.entry.tcp)
    return Built(
        observability=balancer.observability,
        outputs={"http": entry.http, "https": entry.https, "status": entry.status} | ({"tcp": tcp} if tcp else {}),
    )


def _images(settings: LoadBalancerSettings | None) -> Iterator[ImageNeed]:
    """Without settings the engine is not known: what all of them need."""
    needs = {
        ImageNeed(engine.pin, version=engine.version)
        for name, engine in ENGINES.items()
        if settings is None or name == settings.engine
    }
    yield from (need for need in needs if len(needs) == 1)


def _uses(settings: LoadBalancerSettings) -> Iterator[Reference]:
    for index, route in enumerate(settings.routes):
        for side in route.sides:
            yield Reference(f"routes[{index}].{side.key}", side.app, Gives.BACKEND)
    for name, passed_on in settings.tcp.items():
        yield Reference(f"tcp.{name}.app", passed_on.app, Gives.BACKEND)


def _ports(settings: LoadBalancerSettings) -> Iterator[tuple[str, int]]:
    published = {"listen.http": settings.listen.http, "listen.https": settings.listen.https}
    yield from ((key, port) for key, port in published.items() if port is not None)
    yield "status.port", settings.status.port
    yield from ((f"tcp.{name}.listen", route.listen) for name, route in settings.tcp.items())


def _groups(part: Part[LoadBalancerSettings], _: Surroundings) -> Iterator[Group]:
    settings = part.settings
    resources = settings.container_resources()
    yield group(part.name, settings.replicas, resources, moves=True, without=f"entry {part.name}")


def _drain(part: Part[LoadBalancerSettings]) -> Drain:
    settings = part.settings
    return Drain(
        name=part.name,
        work_seconds=settings.longest_stream,
        grace_seconds=ENGINES[settings.engine].stop(settings).grace_seconds,
        serves=settings.apps,
        forgotten=True,
        public=True,
    )


def _requests(part: Part[LoadBalancerSettings]) -> Mapping[str, Counted]:
    own = job(part.name)
    found = {app: part.settings.requests_of(app, f'job="{own}"') for app in part.settings.apps}
    return {app: Counted(series=series, job=own) for app, series in found.items() if series}


def _secrets(settings: LoadBalancerSettings) -> Iterator[SecretUse]:
    if settings.tls:
        yield SecretUse("tls.certificate", settings.tls.certificate, form=first_end)
        yield SecretUse("tls.private_key", settings.tls.private_key)
    in_front = settings.front.tls
    if in_front and in_front.certificate and in_front.private_key:
        yield SecretUse("front.tls.certificate", in_front.certificate, form=certificates)
        yield SecretUse("front.tls.private_key", in_front.private_key)


BALANCERS = Kind(
    key="balancers",
    gives=frozenset({Gives.ALERTS}),
    build=_build,
    images=_images,
    uses=_uses,
    groups=_groups,
    drain=_drain,
    requests=_requests,
    ports=_ports,
    secrets=_secrets,
    rules=RULES,
    advice=ADVICE,
    keys={
        "": {
            "name": "",
            "replicas": "replicas",
            "spread": "replicas",
            "public_ports": "tcp",
            "public_ports.http": "listen.http",
            "public_ports.https": "listen.https",
            "public_ports.status": "status.port",
            "cloud_balancer.annotations": "cloud_balancer.annotations",
            "cloud_balancer.sources": "cloud_balancer.sources",
            "front.port": "listen.http",
            "front.hosts": "routes",
            "front.any_host": "routes",
            "front.trusted_proxies": "trusted_proxies",
            "front.annotations": "front.annotations",
            "front.tls": "front.tls",
            "container.stop.grace_seconds": "longest_stream",
            "container.resources": "resources",
        }
    },
)
