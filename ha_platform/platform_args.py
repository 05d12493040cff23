"""Where components run, as plain values: for programs that cannot hand over a platform."""

from typing import TypedDict

from ha_platform.args.shared import ImagesArgs, KubernetesArgs, SwarmArgs


class PlatformArgs(TypedDict, total=False):
    """The cluster that all components of a program share: a Docker Swarm or Kubernetes, one of them."""

    swarm: SwarmArgs
    """An existing Docker Swarm."""
    kubernetes: KubernetesArgs
    """A Kubernetes cluster."""
    name: str
    """What every name on the cluster begins with, together with the stack's name. Default: the project's name."""
    images: ImagesArgs
    """Where the images come from. Default: the projects' own images, pinned."""
    data: str
    """Whether volumes outlive the stack. One of: keep, delete. Default: keep."""
