"""A real Kubernetes on sandbox hosts, a node each, from package registries only."""

from sandbox.hosts.kubernetes.cluster import KubernetesCluster

__all__ = ["KubernetesCluster"]
