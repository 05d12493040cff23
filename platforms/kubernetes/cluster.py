"""What every renderer shares: the provider, the namespaces, resource options and names."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Literal

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.scheduling import v1 as scheduling

from platforms.base import Login
from platforms.kubernetes.names import Names, default_namespace
from platforms.kubernetes.namespace import PodSecurity, default_deny, namespace
from platforms.kubernetes.priority import Level, makes_classes, priority_class
from platforms.kubernetes.registry import pull_secret
from platforms.kubernetes.settings import KubernetesSettings

Data = Literal["keep", "delete"]

_DELETE_MARGIN_SECONDS = 300
"""Added to a pod's own grace: the time that a node and a volume's detachment take."""


class Cluster:
    """One stack's place in one cluster."""

    def __init__(
        self,
        settings: KubernetesSettings,
        *,
        stack: str,
        data: Data,
        logins: Sequence[Login] = (),
        within: pulumi.Resource | None = None,
        prefix: str = "",
    ) -> None:
        self.settings = settings
        self.data = data
        self.node_ports: dict[int, str] = {}
        self.hosts: dict[str, str] = {}
        self._logins = logins
        self._within = within
        self._prefix = prefix
        self._priorities: dict[Level, scheduling.PriorityClass] = {}
        self.names = Names(
            namespace=settings.namespace or default_namespace(stack), cluster_domain=settings.cluster_domain
        )
        self.provider: pulumi.ProviderResource = self._given(within) or self._make_provider("kubernetes")
        self.foundation = self._foundation("", self.names.namespace, settings.pod_security)

    @property
    def has_own_provider(self) -> bool:
        """Where another program's is given, its cluster is not known."""
        return self._given(self._within) is None

    def copy(self) -> "Cluster":
        """The same place; node ports and hosts that the copy learns stay there."""
        twin = copy(self)
        twin.node_ports = dict(self.node_ports)
        twin.hosts = dict(self.hosts)
        return twin

    def claims_provider(self, parent: pulumi.Resource) -> pulumi.ProviderResource:
        """For claims, which outlive what used them: an object that is there is taken over. A provider that was given
        does that only if it was made so (`upsert_existing_objects`)."""
        return self._given(parent) or self._given(self._within) or self._adopting_provider

    @cached_property
    def _adopting_provider(self) -> kubernetes.Provider:
        return self._make_provider("kubernetes-claims", adopts=True)

    @cached_property
    def agents_foundation(self) -> tuple[pulumi.Resource, ...]:
        """What must exist before an agent: its namespace, made with the first agent."""
        return self._foundation("agents-", self.names.agents_namespace, "privileged")

    @cached_property
    def pull_secret(self) -> core.Secret | None:
        """The logins at registries, in the stack's namespace."""
        return self._pull_secret("", self.names.namespace, self.foundation)

    @cached_property
    def agents_pull_secret(self) -> core.Secret | None:
        """The same in the agents' namespace: a pod is given only secrets of its own."""
        return self._pull_secret("agents-", self.names.agents_namespace, self.agents_foundation)

    def priority(self, level: Level) -> pulumi.Output[str] | None:
        """The name of the level's PriorityClass, made with its first pods; None where the stack has none."""
        if not makes_classes(self.settings):
            return None
        if level not in self._priorities:
            self._priorities[level] = priority_class(
                f"{self._prefix}priority-{level}", level, namespace=self.names.namespace, opts=self._shared()
            )
        name: pulumi.Output[str] = self._priorities[level].metadata.name
        return name

    def options(
        self,
        parent: pulumi.Resource,
        *,
        after: Sequence[pulumi.Resource] = (),
        timeout_seconds: int | None = None,
        stop_seconds: int = 0,
        ignore_changes: list[str] | None = None,
        hooks: Sequence[pulumi.ResourceHook] = (),
    ) -> pulumi.ResourceOptions:
        """Options of one object. `timeout_seconds` bounds create and update, `stop_seconds` the pods' own stop;
        `hooks` run before an update."""
        timeouts = timeout_seconds and pulumi.CustomTimeouts(
            create=f"{timeout_seconds}s",
            update=f"{timeout_seconds}s",
            delete=f"{stop_seconds + _DELETE_MARGIN_SECONDS}s",
        )
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self._given(parent) or self.provider,
            depends_on=[*self.foundation, *after],
            custom_timeouts=timeouts or None,
            ignore_changes=ignore_changes,
            hooks=pulumi.ResourceHookBinding(before_update=list(hooks)) if hooks else None,
        )

    def _pull_secret(self, prefix: str, namespace: str, after: Sequence[pulumi.Resource]) -> core.Secret | None:
        if not self._logins:
            return None
        opts = self._shared(after)
        return pull_secret(f"{self._prefix}{prefix}registry-logins", self._logins, namespace=namespace, opts=opts)

    def _make_provider(self, name: str, *, adopts: bool | None = None) -> kubernetes.Provider:
        return kubernetes.Provider(
            f"{self._prefix}{name}",
            kubeconfig=self.settings.kubeconfig,
            context=self.settings.context,
            namespace=self.names.namespace,
            enable_server_side_apply=True,
            # `kubectl scale` takes a field over; the stack's file has the last word, whoever runs the engine.
            enable_patch_force=True,
            upsert_existing_objects=adopts,
            opts=pulumi.ResourceOptions(parent=self._within),
        )

    def _given(self, resource: pulumi.Resource | None) -> pulumi.ProviderResource | None:
        """The provider that another program gave to `resource`."""
        return resource.get_provider("kubernetes:core/v1:Pod") if resource else None

    def _shared(self, after: Sequence[pulumi.Resource] = (), *, protect: bool = False) -> pulumi.ResourceOptions:
        """Options of what components share."""
        return pulumi.ResourceOptions(
            parent=self._within, provider=self.provider, depends_on=list(after), protect=protect or None
        )

    def _foundation(self, prefix: str, name: str, pod_security: PodSecurity) -> tuple[pulumi.Resource, ...]:
        made: list[pulumi.Resource] = []
        if self.settings.create_namespace:
            made.append(
                namespace(
                    f"{self._prefix}{prefix}namespace",
                    name,
                    pod_security=pod_security,
                    network_enforced=self.settings.enforces_network_policy,
                    opts=self._shared(protect=self.data == "keep"),
                )
            )
        return (*made, default_deny(f"{self._prefix}{prefix}default-deny", name, opts=self._shared(made)))
