"""The words on Docker Swarm."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self

import pulumi
import pulumi_docker as docker

from model import (
    Agent,
    ConfigFile,
    ConfigRef,
    Container,
    Endpoint,
    Image,
    Job,
    Members,
    Origin,
    Schedule,
    Secret,
    SecretRef,
    SharedVolume,
    SharedVolumeRef,
    Tier,
    Workload,
)
from platforms import schedules, unasked
from platforms.base import Login, Platform
from platforms.swarm import agent, config_file, job, members, moves, names, scaler, secret, shared, workload
from platforms.swarm.address import NOWHERE
from platforms.swarm.entry import PublishedPorts
from platforms.swarm.names import Names
from platforms.swarm.network import Networks
from platforms.swarm.noted import NOTED
from platforms.swarm.registry import Logins
from platforms.swarm.running import UNKNOWN, Running
from platforms.swarm.settings import SwarmSettings

_UNSCALED = (
    "on a Swarm the scaler reads Prometheus, and the stack has none; add `monitoring`, or set `replicas` to what the "
    "highest load needs"
)
_UNREAD = (
    "an update would reset the count that the scaler chose, for it cannot be asked at the address of another program's "
    "provider; leave the provider to the platform, or set `replicas`"
)


class SwarmPlatform(Platform):
    """Services on overlay networks, one of them a tier. A stack uses one Swarm, through one manager."""

    NOTED = NOTED

    def __init__(
        self,
        settings: SwarmSettings,
        *,
        stack: str,
        data: Literal["keep", "delete"],
        logins: Sequence[Login] = (),
        within: pulumi.Resource | None = None,
        prefix: str = "",
        ask_hosts: bool = False,
    ) -> None:
        super().__init__(stack=stack, within=within, prefix=prefix)
        self.settings = settings
        self.data = data
        self._names = Names(stack=stack)
        self._logins = Logins(logins)
        self._within = within
        # Never the default one: from it to one of our own every service would be replaced.
        # The address of another program's provider is not known.
        asked = ask_hosts and self._given(within) is None
        offline = asked and unasked.offline()
        if offline:
            unasked.warn("docker", f"{unasked.OFFLINE} is set", UNKNOWN)
        self._provider = self._given(within) or docker.Provider(
            f"{prefix}docker",
            docker.ProviderArgs(
                host=NOWHERE if offline else settings.host,
                disable_docker_daemon_check=offline or None,
                registry_auth=self._logins.for_provider(),
            ),
            opts=pulumi.ResourceOptions(parent=within),
        )
        self._networks = Networks(settings, self._names, self._options, prefix)
        self._published = PublishedPorts()
        self._scaled: dict[str, Workload] = {}
        """Words whose counts a scaler chooses; none is left when it is there."""
        self._running = Running(settings.host, f"{stack}-") if asked and not offline else None

    def rehearsal(self) -> Self:
        twin = super().rehearsal()
        twin._published = self._published.copy()
        twin._scaled = dict(self._scaled)
        return twin

    def own_apps(self) -> Mapping[str, pulumi.Output[Any]]:
        return {"app_networks": pulumi.Output.all(*self._networks.ids(Tier.APP))}

    def host(self, name: str) -> str:
        return self._names.service(name)

    def replicas_host(self, name: str) -> str:
        return self._names.service(name)

    def member_host(self, name: str, ordinal: int) -> str:
        return self._names.member(name, ordinal)

    def secret(self, word: Secret, *, parent: pulumi.Resource) -> SecretRef:
        if self.rehearsing:
            return SecretRef(**self._unmade(word.name, parent))
        return secret.secret(word, names=self._names, opts=self._options(parent))

    def config_file(self, word: ConfigFile, *, parent: pulumi.Resource) -> ConfigRef:
        if self.rehearsing:
            return ConfigRef(**self._unmade(word.name, parent))
        return config_file.config_file(word, names=self._names, opts=self._options(parent))

    def shared_volume(self, word: SharedVolume, *, parent: pulumi.Resource) -> SharedVolumeRef:  # noqa: ARG002
        """Nothing is registered: each host makes the volume with its first mount."""
        self.refuse_all(word.origin, shared.refusals(word, self.settings))
        self.note("size_bytes")
        return shared.reference(word, self._names)

    def workload(self, word: Workload, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name)
        self.refuse_all(word.origin, workload.refusals(word, self.settings))
        self.refuse_all(word.origin, self._published.refusals(word))
        self._note(word)
        if word.scaling:
            self._scaled[word.name] = word
            if self._given(parent):
                self.refuse(word.origin, "scaling", "a provider of your own", _UNREAD)
        if self.rehearsing:
            return self._endpoint(word.name)
        networks = self._networks.of(word.name, word.tier)
        args = workload.service(
            word, names=self._names, settings=self.settings, networks=networks, replicas=self._replicas(word)
        )
        opts = self._options(parent, word.depends_on)
        opts.hooks = _before_update(shared.watch(word))
        return self._endpoint(word.name, self._service(word.name, args, word.container, opts))

    def members(self, word: Members, *, parent: pulumi.Resource) -> Endpoint:
        """Each member waits for the one before it, so that one change never restarts two at once."""
        self._claim(word.origin, word.name, *(f"{word.name}-{ordinal}" for ordinal in range(word.count)))
        self.refuse_all(word.origin, members.refusals(word, self.settings))
        self.refuse_all(word.origin, self._published.refusals(word))
        self._note(word)
        hosts = tuple(self._names.member(word.name, ordinal) for ordinal in range(word.count))
        if self.rehearsing:
            return self._endpoint(word.name, member_hosts=hosts)
        networks = self._networks.of(
            word.name,
            word.tier,
            alias=self._names.service(word.name),
            private_to=word.private_to,
            scraped=word.metrics_port is not None,
        )
        services: list[pulumi.Resource] = []
        hooks = _before_update([moves.watch(word, self._names), *shared.watch(word)])
        for ordinal in range(word.count):
            args = members.member(
                word, ordinal, names=self._names, settings=self.settings, data=self.data, networks=networks
            )
            opts = self._options(parent, (*word.depends_on, *services[-1:]))
            opts.hooks = hooks
            services.append(self._service(f"{word.name}-{ordinal}", args, word.container, opts))
        return self._endpoint(word.name, *services, member_hosts=hosts)

    def agent(self, word: Agent, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name)
        self.refuse_all(word.origin, agent.refusals(word))
        self._note(word)
        if self.rehearsing:
            return self._endpoint(word.name)
        args = agent.service(
            word, names=self._names, settings=self.settings, networks=self._networks.of(word.name, word.tier)
        )
        opts = self._options(parent, word.depends_on)
        opts.hooks = _before_update(shared.watch(word))
        return self._endpoint(word.name, self._service(word.name, args, word.container, opts))

    def job(self, word: Job, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
        self._claim(word.origin, word.name)
        self.refuse_all(word.origin, job.refusals(word))
        if self.rehearsing:
            return ()
        args = job.gate(
            word, names=self._names, settings=self.settings, networks=self._networks.of(word.name, word.tier)
        )
        return (self._service(word.name, args, word.container, self._options(parent, word.depends_on)),)

    def schedule(self, word: Schedule, *, parent: pulumi.Resource) -> Endpoint:
        """The clock runs the command itself: nothing here may start containers, for that is the docker socket's."""
        self.refuse_all(word.origin, schedules.refusals(word))
        return self.members(schedules.runner(word, schedules.files(self, word, parent=parent)), parent=parent)

    def scaler(
        self, origin: Origin, *, image: Image, prometheus: str, scrape_seconds: int, parent: pulumi.Resource
    ) -> Endpoint | None:
        """The gates stand on a network that the controller alone joins as well."""
        if not self._scaled:
            return None
        words = scaler.scaler(
            self,
            tuple(self._scaled.values()),
            names=self._names,
            origin=origin,
            image=image,
            prometheus=prometheus,
            scrape_seconds=scrape_seconds,
            parent=parent,
        )
        gate, controller = words.gate, words.controller
        self._claim(origin, gate.name, controller.name)
        self._scaled.clear()
        if self.rehearsing:
            return self._endpoint(controller.name)
        its, others = self._networks.apart(gate.name, controller.tier)
        gates = self._service(
            gate.name,
            agent.service(
                gate,
                names=self._names,
                settings=self.settings,
                networks=its,
                labels={names.DOCKER_GATE_LABEL: "true"},
            ),
            gate.container,
            self._options(parent),
        )
        args = workload.service(controller, names=self._names, settings=self.settings, networks=others)
        made = self._service(controller.name, args, controller.container, self._options(parent, (gates,)))
        return self._endpoint(controller.name, made)

    def finish(self) -> None:
        """Nothing else could change the count."""
        for word in self._scaled.values():
            assert word.scaling is not None
            bounds = f"{word.scaling.min_replicas} to {word.scaling.max_replicas}"
            self.refuse(word.origin, "scaling", bounds, _UNSCALED)

    def _replicas(self, word: Workload) -> int:
        """What a scaler chose is kept."""
        if word.scaling is None or self._running is None:
            return word.replicas
        service, scaling = self._names.service(word.name), word.scaling
        return self._running.replicas(service, least=scaling.min_replicas, most=scaling.max_replicas)

    def _service(
        self, name: str, args: docker.ServiceArgs, container: Container, opts: pulumi.ResourceOptions
    ) -> docker.Service:
        image = container.image.ref
        if self._running is not None:
            task = args.task_spec
            assert isinstance(task, docker.ServiceTaskSpecArgs), "the renderers give typed arguments"
            assert isinstance(task.container_spec, docker.ServiceTaskSpecContainerSpecArgs)
            assert isinstance(args.name, str)
            task.container_spec.image = self._running.image(args.name, image)
        # The provider finds them with the digest, and a refresh would leave them as a difference.
        opts.ignore_changes = ["taskSpec.placement.platforms"]
        return docker.Service(name, self._logins.labelled(args, image), opts=opts)

    def _note(self, word: Workload | Members | Agent) -> None:
        if word.ports:
            self.note("ports")
            self.note("probes.ready.failures")
        if not isinstance(word, Agent) and any(public.audience == "operators" for public in word.public_ports):
            self.note("public_ports.audience")
        if not isinstance(word, Agent) and any(public.sources for public in word.public_ports):
            self.note("public_ports.sources")
        if isinstance(word, Members):
            self.note("volume.size_bytes")

    def _endpoint(self, name: str, *services: pulumi.Resource, member_hosts: tuple[str, ...] = ()) -> Endpoint:
        host = self._names.service(name)
        return Endpoint(host=host, replicas_host=host, member_hosts=member_hosts, resources=services)

    def _options(
        self, parent: pulumi.Resource | None = None, depends_on: Iterable[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        provider = self._given(parent) or self._provider
        return pulumi.ResourceOptions(parent=parent or self._within, provider=provider, depends_on=list(depends_on))

    def _given(self, resource: pulumi.Resource | None) -> pulumi.ProviderResource | None:
        """The provider that another program gave to `resource`."""
        return resource.get_provider("docker:index:Service") if resource else None

    def _claim(self, origin: Origin, *words: str) -> None:
        services = [self._names.service(word) for word in words]
        for service in services:
            self.claim("service", service, origin)
        self.refuse_all(origin, names.refusals(*services))


def _before_update(hooks: list[pulumi.ResourceHook]) -> pulumi.ResourceHookBinding | None:
    return pulumi.ResourceHookBinding(before_update=[*hooks]) if hooks else None
