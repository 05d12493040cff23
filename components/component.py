"""What every component is: a resource that stands for its words."""

from collections.abc import Mapping
from typing import Any

import pulumi

from platforms.base import Platform


class Component(pulumi.ComponentResource):
    """A component of a stack.

    On a platform that is lent to a resource of another program, that resource stands for the words (`place`), and the
    component itself is not registered.
    """

    def __init__(self, type_: str, name: str, opts: pulumi.ResourceOptions | None, *, platform: Platform) -> None:
        self._lent_to = platform.lent_to
        if self._lent_to is None:
            super().__init__(type_, name, None, opts)

    @property
    def place(self) -> pulumi.Resource:
        """The parent of everything that the component says."""
        return self._lent_to or self

    def register_outputs(self, outputs: Mapping[str, Any]) -> None:
        """Outputs of the component, where it is registered."""
        if self._lent_to is None:
            super().register_outputs(dict(outputs))
