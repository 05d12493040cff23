"""Where a published port is reached from outside, and how where it is not."""

from abc import ABC, abstractmethod


class Entries(ABC):
    """The published ports of a deployed stack."""

    @abstractmethod
    def of(self, port: int) -> tuple[str, int] | None:
        """Host and port at which a published port answers; None when only the cluster's inside reaches it."""

    @abstractmethod
    def for_operators(self, word: str, port_name: str, published: int) -> str:
        """The URL of a page for operators, or the command that brings it to one's own machine."""
