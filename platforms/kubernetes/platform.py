"""The Kubernetes platform: the protocol's words, each handed to its own file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import pulumi

from model import (
    Agent,
    ConfigFile,
    ConfigRef,
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
from platforms import schedules
from platforms.base import Login, Platform
from platforms.kubernetes import agent, job, keda, members, names, schedule, shared, workload
from platforms.kubernetes.address import warn_unless_it_answers
from platforms.kubernetes.agent import render_agent
from platforms.kubernetes.cluster import Cluster
from platforms.kubernetes.config_file import config_file
from platforms.kubernetes.job import render_job
from platforms.kubernetes.members import render_members
from platforms.kubernetes.names import TIER_LABEL
from platforms.kubernetes.noted import NOTED
from platforms.kubernetes.schedule import render_schedule
from platforms.kubernetes.secret import secret
from platforms.kubernetes.settings import KubernetesSettings
from platforms.kubernetes.workload import render_workload

_UNSCALED = (
    "these figures are Prometheus', and the stack has none; add `monitoring`, or scale by `cpu` and `memory` alone"
)


class KubernetesPlatform(Platform):
    """Renders words in one namespace of one cluster (agents in a second one), through one explicit provider."""

    NOTED = NOTED

    def __init__(
        self,
        settings: KubernetesSettings,
        *,
        stack: str,
        data: Literal["keep", "delete"],
        logins: Sequence[Login] = (),
        within: pulumi.Resource | None = None,
        prefix: str = "",
        ask_hosts: bool = False,
    ) -> None:
        super().__init__(stack=stack, within=within, prefix=prefix)
        self._cluster = Cluster(settings, stack=stack, data=data, logins=logins, within=within, prefix=prefix)
        if ask_hosts and self._cluster.has_own_provider and pulumi.runtime.is_dry_run():
            warn_unless_it_answers(settings)
        if not settings.enforces_network_policy:
            self.note("tier")
        if settings.share_nodes:
            pulumi.log.warn(
                "platform.share_nodes: members of one store may share a node, and so may replicas that should not; a "
                "lost node can take several of them, and with them a quorum"
            )
        self._secrets: dict[str, tuple[Secret, pulumi.Resource]] = {}
        self._config_files: dict[str, tuple[ConfigFile, pulumi.Resource]] = {}
        self._scaled: dict[str, tuple[Workload, pulumi.Resource, Endpoint]] = {}
        """Words that Prometheus' figures scale, until it is known where that is."""
        self._copies: dict[str, SecretRef | ConfigRef] = {}

    def rehearsal(self) -> Self:
        twin = super().rehearsal()
        twin._cluster = self._cluster.copy()
        twin._scaled = dict(self._scaled)
        return twin

    def own_apps(self) -> Mapping[str, pulumi.Output[Any]]:
        """The namespace exists, and denies everything, when the output is known."""
        namespace = pulumi.Output.all(*(one.urn for one in self._cluster.foundation))
        return {
            "namespace": namespace.apply(lambda _: self._cluster.names.namespace),
            "app_labels": pulumi.Output.from_input({TIER_LABEL: Tier.APP.value}),
        }

    def host(self, name: str) -> str:
        return self._cluster.names.host(name)

    def replicas_host(self, name: str) -> str:
        return self._cluster.names.replicas_host(name)

    def member_host(self, name: str, ordinal: int) -> str:
        return self._cluster.names.member_host(name, ordinal)

    def secret(self, word: Secret, *, parent: pulumi.Resource) -> SecretRef:
        if self.rehearsing:
            return SecretRef(**self._unmade(word.name, parent))
        self._secrets[word.name] = (word, parent)
        return secret(
            word,
            resource_name=word.name,
            namespace=self._cluster.names.namespace,
            opts=self._cluster.options(parent),
        )

    def config_file(self, word: ConfigFile, *, parent: pulumi.Resource) -> ConfigRef:
        if self.rehearsing:
            return ConfigRef(**self._unmade(word.name, parent))
        self._config_files[word.name] = (word, parent)
        return config_file(
            word,
            resource_name=word.name,
            namespace=self._cluster.names.namespace,
            opts=self._cluster.options(parent),
        )

    def shared_volume(self, word: SharedVolume, *, parent: pulumi.Resource) -> SharedVolumeRef:
        self.refuse_all(word.origin, shared.refusals(word))
        if self.rehearsing:
            return shared.reference(word)
        return shared.claim(self._cluster, word, parent=parent)

    def workload(self, word: Workload, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name, *workload.objects(self._cluster, word))
        self.refuse_all(word.origin, workload.refusals(self._cluster, word))
        made = self._endpoint(word.name) if self.rehearsing else render_workload(self._cluster, word, parent=parent)
        if word.scaling and word.scaling.metrics:
            self._scaled[word.name] = (word, parent, made)
        return made

    def members(self, word: Members, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name, *members.objects(self._cluster, word))
        self.refuse_all(word.origin, members.refusals(self._cluster, word))
        if self.rehearsing:
            hosts = tuple(self.member_host(word.name, ordinal) for ordinal in range(word.count))
            return self._endpoint(word.name, hosts)
        return render_members(self._cluster, word, parent=parent)

    def agent(self, word: Agent, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name)
        self.refuse_all(word.origin, agent.refusals(self._cluster, word))
        if self.rehearsing:
            return self._endpoint(word.name)
        return render_agent(self._cluster, word, copy_of=self._copy_for_agents, parent=parent)

    def job(self, word: Job, *, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
        self._claim(word.origin, word.name)
        self.refuse_all(word.origin, job.refusals(self._cluster, word))
        if self.rehearsing:
            return ()
        return render_job(self._cluster, word, parent=parent)

    def schedule(self, word: Schedule, *, parent: pulumi.Resource) -> Endpoint:
        self._claim(word.origin, word.name)
        programs = schedules.files(self, word, parent=parent)
        runs = schedules.running(word, "report", programs)
        self.refuse_all(word.origin, schedule.refusals(self._cluster, replace(word, container=runs)))
        clock = self.members(schedules.listener(word, programs), parent=parent)
        if self.rehearsing:
            return clock
        made = render_schedule(self._cluster, word, runs, clock=clock.resources, parent=parent)
        return replace(clock, resources=(*clock.resources, made))

    def scaler(
        self, origin: Origin, *, image: Image, prometheus: str, scrape_seconds: int, parent: pulumi.Resource
    ) -> Endpoint | None:
        """What scales is in the cluster: it is told whom to ask, and let in there."""
        del image
        scaled = [*self._scaled.values()]
        self._scaled.clear()
        if scaled:
            self.claim("service", keda.asking(prometheus), origin)
        if not scaled or self.rehearsing:
            return None
        keda.may_ask(self._cluster, prometheus, opts=self._cluster.options(parent))
        for word, its_parent, made in scaled:
            assert word.scaling is not None, "only words with scaling are scaled"
            opts = self._cluster.options(its_parent, after=made.resources)
            keda.scaled_object(
                self._cluster, word, word.scaling, prometheus=prometheus, scrape_seconds=scrape_seconds, opts=opts
            )
        return None

    def finish(self) -> None:
        """Nothing else tells these figures."""
        for word, _, _ in self._scaled.values():
            assert word.scaling is not None
            self.refuse(word.origin, "scaling.metrics", ", ".join(one.name for one in word.scaling.metrics), _UNSCALED)

    def _endpoint(self, name: str, members: tuple[str, ...] = ()) -> Endpoint:
        """Of what is rehearsed: its names."""
        return Endpoint(host=self.host(name), replicas_host=self.replicas_host(name), member_hosts=members)

    def _claim(self, origin: Origin, name: str, *objects: str) -> None:
        """Take the names of the Services and members of the word `name`."""
        self.refuse_all(origin, names.refusals(name))
        for service in (name, names.replicas_service(name), *objects):
            self.claim("service", service, origin)

    def _copy_for_agents(self, ref: SecretRef | ConfigRef) -> SecretRef | ConfigRef:
        """A pod mounts only objects of its own namespace, so the agents' namespace gets its own of each one used."""
        kind = "secret" if isinstance(ref, SecretRef) else "config"
        if (key := f"{kind}/{ref.name}") not in self._copies:
            self._copies[key] = self._make_copy(ref)
        return self._copies[key]

    def _make_copy(self, ref: SecretRef | ConfigRef) -> SecretRef | ConfigRef:
        namespace = self._cluster.names.agents_namespace
        name = f"{ref.name}-agents"
        after = self._cluster.agents_foundation
        if isinstance(ref, SecretRef):
            secret_word, parent = self._secrets[ref.name]
            opts = self._cluster.options(parent, after=after)
            return secret(secret_word, resource_name=name, namespace=namespace, opts=opts)
        config_word, parent = self._config_files[ref.name]
        opts = self._cluster.options(parent, after=after)
        return config_file(config_word, resource_name=name, namespace=namespace, opts=opts)
