"""Workloads that are not as the stack made them: scaled or removed by hand. Engines compare only what they recorded."""

from collections.abc import Callable, Sequence

from cli.operations import Operations, Resources


class Drift:
    """What is found on the hosts before a preview or an update."""

    def __init__(self, on: Operations, resources: Resources) -> None:
        self._on = on
        self._rows = [row for row in on.rows(resources) if row.drift] if resources else []

    def tell(self, tell: Callable[[str], None], does: str) -> None:
        """Say each, and what happens with it."""
        for row in self._rows:
            tell(f"{row.name}: {row.drift}; {does}")

    @property
    def urns(self) -> Sequence[str]:
        """Those that the engine puts right."""
        return [row.urn for row in self._rows if row.gone or not row.autoscaled]

    def rescale(self) -> None:
        """Put right what the engine leaves to an autoscaler, which does nothing at 0 and beyond its bounds."""
        for row in self._rows:
            if row.autoscaled and not row.gone:
                self._on.rescale(row)
