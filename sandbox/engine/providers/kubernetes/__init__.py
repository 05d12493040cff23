"""Kubernetes objects for the sandbox engine."""

from sandbox.engine.providers.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
