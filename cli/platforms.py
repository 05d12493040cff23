"""The one place of the commands that knows which platforms exist."""

from cli.errors import CommandError
from cli.on_kubernetes import OnKubernetes
from cli.on_swarm import OnSwarm
from cli.operations import Operations
from cli.stack_file import StackFile
from platforms.kubernetes.settings import KubernetesSettings
from platforms.swarm.settings import SwarmSettings

OPERATIONS: dict[type, type[Operations]] = {SwarmSettings: OnSwarm, KubernetesSettings: OnKubernetes}


def operations(stack: StackFile) -> Operations:
    """The operations of the platform that `stack` is for."""
    made = OPERATIONS.get(type(stack.platform))
    if made is None:
        raise CommandError(f"the commands do not know the platform `{stack.platform.kind}`.")
    return made(stack)
