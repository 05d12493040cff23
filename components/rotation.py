"""Counters of a store's passwords: a raised one is a rotation, in two phases.

What has the new password comes first, then the clients are replaced, and when nobody uses the former password any more
it is refused. The counter is in the stack file, so that a rotation is a commit that a preview shows.
"""

from typing import Any

import pulumi
from pydantic import Field

from model import Origin
from settings.base import Settings

MOST = 9999
QUIET_SECONDS = 15
"""Before former passwords are refused nobody may be seen with one for so long, as often as once a second."""
MARGIN_SECONDS = 60
"""For the image and the container of that job to come, so that it is the job that says what was missing."""


class RotateSettings(Settings):
    """Passwords that are replaced by new ones, each by a counter that begins at 1 and is only raised, by one at a
    time."""

    passwords: int = Field(default=1, ge=1, le=MOST, strict=True)
    """Of the applications' logins. Each application is told another user and another password, and is replaced replica
    by replica; when all are, and nobody is connected by the former ones, those are refused."""

    @property
    def former(self) -> int:
        """The counter before, which is accepted until every client is replaced; 0: there is none."""
        return self.passwords - 1

    @property
    def counters(self) -> dict[str, int]:
        """Key of the component -> counter."""
        return {"rotate.passwords": self.passwords}

    def output(self, origin: Origin, *made: pulumi.Resource) -> dict[str, Any]:
        """What the component's resource remembers when `made` are there: the counters, by path."""
        if not self.former:
            return {}
        counters = {origin.at(key).path: counter for key, counter in self.counters.items()}
        return {"counters": pulumi.Output.all(*(one.urn for one in made)).apply(lambda _: counters)}


def numbered(name: str, counter: int) -> str:
    """The name of a generated password: the first one has the name that it had before there were counters.

    No component's name has a dot: the second one of `app-web` is not the first one of `app-web-2`.
    """
    return name if counter == 1 else f"{name}.{counter}"
