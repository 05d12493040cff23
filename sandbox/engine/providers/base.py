"""What the engine asks of a provider, and what a provider may raise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import ClassVar

from sandbox.engine.values import Change, Path, Properties, Value

Log = Callable[[str, str], None]
"""Called with a severity (debug, info, warning, error) and one line of text."""


_timeout: ContextVar[float | None] = ContextVar("timeout", default=None)


@contextmanager
def operation_timeout(seconds: float | None) -> Iterator[None]:
    """Sets what `timeout` answers in this thread: the `custom_timeouts` option of the resource being worked on."""
    token = _timeout.set(seconds)
    try:
        yield
    finally:
        _timeout.reset(token)


def timeout(default: float) -> float:
    """How many seconds the create, update or delete at work may wait; `default` where the program names none."""
    chosen = _timeout.get()
    return default if chosen is None else chosen


class ProviderError(Exception):
    """A refusal or failure, said in one sentence that names the field, the rule and the fix."""


class ProviderUnreachable(ProviderError):
    """The API does not answer: one sentence with the address, the reason and what to do."""


class PartialFailure(ProviderError):
    """The object exists (`id`, `outputs`) but is not as asked, for `reason`: it is recorded and tried again."""

    def __init__(self, id: str, outputs: Properties, reason: str) -> None:
        super().__init__(reason)
        self.id = id
        self.outputs = outputs
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes an update would make; empty `changes` means none. `delete_before_replace` counts only where a
    change has `replace` set."""

    changes: dict[Path, Change] = field(default_factory=dict)
    delete_before_replace: bool = False


class Provider(ABC):
    """One configured provider of a package. Methods are called from several threads at once.

    Inputs and outputs may hold `Secret`; in a preview they may hold `UNKNOWN`. `check` and `diff` never call the API:
    they also serve a preview without one. An `id` is the one the real provider gives.
    """

    types: ClassVar[frozenset[str]]
    """The type tokens it knows. Any other is refused by the engine, before anything is changed."""

    def __init__(self, config: Properties, log: Log) -> None:
        """`config`: the provider resource's inputs, secrets wrapped, strings as the program wrote them."""
        self.config = config
        self.log = log

    @abstractmethod
    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:
        """The inputs to record and use: defaults and automatic names filled in (kept from `old_inputs`, which is empty
        for a new object). Raises ProviderError for what the real provider would refuse."""

    @abstractmethod
    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        """What an update to `new_inputs` would change, and which of it needs a new object."""

    @abstractmethod
    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:
        """Makes the object and waits until it is ready; returns id and outputs. In a preview nothing is made: the id is
        `UNKNOWN` and so are outputs that are known only afterwards. Raises PartialFailure."""

    @abstractmethod
    def update(
        self,
        urn: str,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        """Changes the object, waits until it is ready and returns its outputs. Also called with unchanged inputs to end
        a create or update that was interrupted or failed. Raises PartialFailure."""

    @abstractmethod
    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """The outputs of the object as it is now, in the form create returns them; None when it is gone. `outputs` is
        empty for an object that is being adopted."""

    @abstractmethod
    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        """The object as the API answers it, in the shape of `inputs`, so that fields the program set can be compared;
        None when it is gone."""

    @abstractmethod
    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:
        """Deletes the object and waits until it is gone. An object that is already gone is not a failure."""

    @abstractmethod
    def find(self, type: str, inputs: Properties) -> str | None:
        """The id of the object that has the name in `inputs` (explicit, or automatic as `check` filled it in); None if
        there is none. Asked before a create, and after a run that died during one, so that nothing is orphaned. Always
        None for types whose objects exist only in the state (random, tls)."""

    def reachable(self) -> None:  # noqa: B027 - nothing to reach is the default
        """Raises ProviderUnreachable. Called once a run before any resource of this provider is changed; when a preview
        gets this error it goes on without calling anything but `check` and `diff`."""
