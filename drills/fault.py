"""A fault: what it does, how it is healed, and what it is measured against."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from drills.promised import promise
from drills.site import Site
from guarantees.promise import Promise

PLATFORMS = ("swarm", "kubernetes")


class Fault(ABC):
    """One fault on a site. The order is `aim`, load, `inject`, `heal`, and then `well` until it is, with a deadline."""

    name: ClassVar[str]
    does: ClassVar[str]
    """What happens, in words."""
    healed_by: ClassVar[str]
    """Who or what puts it right."""
    measures: ClassVar[Literal["database", "cache", "broker"]] = "database"
    """Whose acknowledged writes are counted. A broker is there for those who count its messages alone."""
    promise: ClassVar[tuple[str, str] | None] = None
    """The component, and the fault as `guarantees/` calls it. None: no outage is promised, but no write may be lost."""
    tight: ClassVar[bool] = True
    """Whether the promise is about just this fault, and not about a worse one: then it may not be far above it."""
    failed_requests: ClassVar[Mapping[str, int]] = {}
    """Platform -> safe requests at the entry that may fail. Where it is not named, nothing is promised of them."""
    not_on: ClassVar[Mapping[str, str]] = {}
    """Platform -> why it cannot show this."""
    seconds: ClassVar[float] = 240
    """Until all is well again, at most."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.url = site.url
        """The entry at which the load knocks."""
        self.hit: set[str] = set()
        """Containers that end by the fault."""

    @abstractmethod
    def well(self) -> bool:
        """Whether all that the fault touches is as it should be; a LookupError says what is not."""

    def aim(self) -> None:
        """Choose who is hit, and the entry of the load."""
        return

    @abstractmethod
    def inject(self) -> None:
        """Do it."""

    def heal(self) -> None:
        """Put right what does not heal by itself."""
        return

    def healed(self) -> bool:
        """Who was hit has gone, and all is well."""
        if still := self.hit & set(self.site.running()):
            raise LookupError(f"still runs: {len(still)} of {len(self.hit)} that were hit")
        return self.well()

    def clean(self) -> None:
        """Take back what it needed, when it was measured."""
        return

    def also_lost(self) -> int:
        """Acknowledged writes of clients that the load does not know, which are gone when all is well again."""
        return 0

    def old_member(self) -> str:
        """What became of who was hit."""
        return ""

    def promised(self) -> Promise | None:
        """As a preview says it."""
        return promise(self.site, *self.promise) if self.promise else None
