"""Platforms as resources of a program: what components share stands below them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import pulumi

from ha_platform.args.shared import ImagesArgs, KubernetesArgs, SwarmArgs
from ha_platform.site import Site, ground
from settings.faults import BrokenStack, Fault

Data = Literal["keep", "delete"]


class _Platform(pulumi.ComponentResource):
    """A cluster that components run on. A provider in `opts` is used for everything on it."""

    kind: ClassVar[str]
    package: ClassVar[str]
    """Of the provider."""
    reach: ClassVar[tuple[str, ...]]
    """Settings of the platform's own provider: another one has its own."""

    def __init__(
        self,
        name: str,
        args: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
        *,
        images: Mapping[str, Any] | None,
        data: str,
    ) -> None:
        title = f"{type(self).__name__} {name}"
        said = {"platform": {"kind": self.kind, **args}, "images": images or {}, "data": data}
        checked = ground(title, name, said)
        if self.package in _packages(opts) and (unused := [key for key in self.reach if key in args]):
            rule = "has no effect with a provider of your own, which has its own address"
            raise BrokenStack(
                title, [Fault(path=f"{name}.{key}", rule=rule, fix="Leave one of them out.") for key in unused]
            )
        super().__init__(f"ha-platform:index:{type(self).__name__}", name, None, opts)
        self.site = Site(checked, within=self)
        self.register_outputs({})


class Swarm(_Platform):
    """An existing Docker Swarm."""

    kind = "swarm"
    package = "docker"
    reach = ("host",)

    def __init__(
        self,
        name: str,
        args: SwarmArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        images: ImagesArgs | None = None,
        data: Data = "keep",
    ) -> None:
        """`images` say where images come from, `data` whether volumes outlive the stack.

        Raises BrokenStack with everything that is wrong, before anything is registered.
        """
        super().__init__(name, args, opts, images=images, data=data)

    @property
    def app_networks(self) -> pulumi.Output[Sequence[str]]:
        """The networks that a service of your own joins to reach databases and caches."""
        return self.site.platform.own_apps()["app_networks"]


class Kubernetes(_Platform):
    """A Kubernetes cluster, by default the current context of the kubeconfig."""

    kind = "kubernetes"
    package = "kubernetes"
    reach = ("kubeconfig", "context")

    def __init__(
        self,
        name: str,
        args: KubernetesArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        *,
        images: ImagesArgs | None = None,
        data: Data = "keep",
    ) -> None:
        """`images` say where images come from, `data` whether volumes outlive the stack.

        Raises BrokenStack with everything that is wrong, before anything is registered.
        """
        super().__init__(name, args or {}, opts, images=images, data=data)

    @property
    def namespace(self) -> pulumi.Output[str]:
        """The namespace in which pods of your own reach databases and caches."""
        return self.site.platform.own_apps()["namespace"]

    @property
    def app_labels(self) -> pulumi.Output[Mapping[str, str]]:
        """The labels of such pods. Nothing may leave the namespace either: give them a NetworkPolicy of their own."""
        return self.site.platform.own_apps()["app_labels"]


def _packages(opts: pulumi.ResourceOptions | None) -> set[str]:
    """The packages that `opts` has a provider for."""
    if opts is None:
        return set()
    given = opts.providers.values() if isinstance(opts.providers, Mapping) else opts.providers or ()
    return {provider.package for provider in (*given, *([opts.provider] if opts.provider else ()))}
