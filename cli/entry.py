"""Where a published port is reached from outside, and how where it is not."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """One host and port, which may be out of reach from here."""

    host: str
    port: int

    def url(self, scheme: str) -> str:
        """`scheme://host:port/`"""
        return f"{scheme}://{self}/"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Entries(ABC):
    """The published ports of a deployed stack."""

    @abstractmethod
    def of(self, port: int) -> Sequence[Address]:
        """Where a published port answers; nothing when only the cluster's inside reaches it."""

    @abstractmethod
    def for_operators(self, word: str, port_name: str, published: int, scheme: str = "http") -> str:
        """The URL of a page for operators, or the command that brings it to one's own machine."""
