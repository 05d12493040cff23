"""What a destroyed stack leaves: removed with `data: delete`, otherwise kept and listed."""

from typing import Any

from cli import kept
from cli.clients import answering
from cli.hosts import Hosts
from cli.progress import say
from cli.stack_file import StackFile


class Leftovers:
    """Made before the stack is destroyed, from the resources of its state."""

    def __init__(self, stack: StackFile, hosts: Hosts, resources: list[dict[str, Any]]) -> None:
        self._stack = stack
        self._hosts = hosts
        self._resources = resources
        self._volumes = kept.volumes(resources)
        self._kept: list[str] = []

    def settle(self) -> None:
        """Remove what is to go, and say what stays and how it goes."""
        with answering(self._hosts):
            if self._stack.platform == "kubernetes":
                self._claims()
            else:
                self._swarm_volumes()

    def hold_the_sandbox(self) -> bool:
        """Whether the sandbox's host must stay: something that is kept, or another stack, is on it."""
        with answering(self._hosts):
            others = [] if self._stack.platform == "kubernetes" else kept.other_stacks(self._hosts, self._stack.name)
        reasons = [*self._kept, *others]
        if reasons:
            profile = "kubernetes" if self._stack.platform == "kubernetes" else "dev"
            say(f"down: the sandbox host stays for {', '.join(reasons)}; to remove it with everything on it: "
                f"`.venv/bin/python -m sandbox.hosts down {profile}`")  # fmt: skip
        return bool(reasons)

    def _claims(self) -> None:
        if not self._stack.keeps_data:
            return
        for claim in kept.claims(self._hosts, self._resources):
            say(f"down: kept claim {claim}, for the stack says `data: keep`")
            self._kept.append(f"claim {claim}")

    def _swarm_volumes(self) -> None:
        here = kept.on_host(self._hosts, self._stack.name)
        if self._stack.keeps_data:
            for name in here:
                say(f"down: kept volume {name}, for the stack says `data: keep`; `docker volume rm {name}` removes it")
                self._kept.append(f"volume {name}")
        else:
            for name in kept.remove(self._hosts, self._stack.name):
                say(f"down: removed volume {name}")
        for volume in self._volumes:
            if self._is_elsewhere(volume):  # also where a move left an older one of the name here
                said = "kept volume" if self._stack.keeps_data else "could not reach volume"
                say(f"down: {said} {volume.name} on {volume.node}; there, `docker volume rm {volume.name}` removes it")

    def _is_elsewhere(self, volume: kept.Volume) -> bool:
        return volume.node != kept.node_name(self._hosts)
