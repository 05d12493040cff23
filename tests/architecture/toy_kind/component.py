"""ToyQueue: one workload, one generated password, one scrape target."""

import pulumi

from components.contracts import ClientContract
from components.observability import Observability, ScrapeTarget, down_rule
from components.scope import Scope
from model import Container, File, HttpCheck, Image, Origin, Port, Probe, Probes, PublicPort, Resources, Tier, Workload
from platforms.base import Platform

from .settings import QueueSettings

HEALTH = Probe(check=HttpCheck(path="/", port=5000))
RESOURCES = Resources(
    cpu_request_millis=100, cpu_limit_millis=100, memory_request_bytes=2**26, memory_limit_bytes=2**26
)


class ToyQueue(pulumi.ComponentResource):
    """One toy queue."""

    def __init__(
        self, name: str, settings: QueueSettings, *, platform: Platform, image: Image, login: pulumi.Output[str]
    ) -> None:
        super().__init__("ha-platform:toy:ToyQueue", name)
        scope = Scope(platform=platform, origin=Origin(key="queues", name=name), parent=self)
        password = scope.password(f"{name}-password")
        mounted = scope.secret(f"{name}-password", password)
        scope.secret(f"{name}-login", login)
        endpoint = scope.workload(
            Workload(
                name=name,
                origin=scope.origin,
                tier=Tier.DATA,
                container=Container(
                    image=image, resources=RESOURCES, files=(File(path="/run/secrets/password", source=mounted),)
                ),
                replicas=1,
                ports=(Port(name="queue", number=5000),),
                public_ports=(PublicPort(port="queue", published=settings.port, audience="operators"),),
                probes=Probes(ready=HEALTH, live=HEALTH),
            )
        )
        self.contract = ClientContract(
            terms=settings.terms(),
            values={"host": endpoint.host, "password": password},
            secrets={"password": mounted},
            resources=endpoint.resources,
        )
        target = ScrapeTarget(job=f"queue-{name}", replicas_host=endpoint.replicas_host, port=5000)
        self.observability = scope.observed(
            Observability(targets=(target,), rules=(down_rule(f"Queue_{name}", target),))
        )
        self.register_outputs({})
