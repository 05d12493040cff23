"""Docker Swarm objects for the sandbox engine."""

from sandbox.engine.providers.docker.provider import DockerProvider

__all__ = ["DockerProvider"]
