"""What a destroyed stack leaves: removed with `data: delete`, otherwise kept and listed."""

from abc import ABC, abstractmethod

from cli.progress import say

SAID_SO = "because the stack says `data: keep`"


class Leftovers(ABC):
    """Made before the stack is destroyed, from the resources of its state."""

    def __init__(self, *, keeps_data: bool) -> None:
        self.keeps_data = keeps_data
        self.kept: list[str] = []

    @abstractmethod
    def settle(self) -> None:
        """Remove what is to go, and say what stays and how it goes."""

    @abstractmethod
    def volumes(self) -> list[str]:
        """The stack's volumes on the hosts."""

    @abstractmethod
    def others(self) -> list[str]:
        """What else is on the hosts and is not this stack's."""

    def hold_the_sandbox(self, profile: str) -> bool:
        """Whether the sandbox's host must stay: something that is kept, or another stack, is on it."""
        reasons = [*self.kept, *self.others()]
        if reasons:
            say(f"down: the sandbox host stays for {', '.join(reasons)}; to remove it with everything on it: "
                f"`.venv/bin/python -m sandbox.hosts down {profile}`")  # fmt: skip
        return bool(reasons)
