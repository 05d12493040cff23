"""A real Kubernetes with one node on a sandbox host, from package registries only."""

from sandbox.hosts.kubernetes.cluster import KubernetesCluster

__all__ = ["KubernetesCluster"]
