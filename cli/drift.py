"""What is not as the stack made it: scaled or removed by hand, or gone with its cluster. Engines compare only what they
recorded."""

from collections.abc import Callable, Sequence

from cli.operations import Operations, Resources


class Drift:
    """What is found on the hosts before a preview or an update."""

    def __init__(self, on: Operations, resources: Resources) -> None:
        self._on = on
        self._rows = [row for row in on.rows(resources) if row.drift] if resources else []
        self._lost = on.lost(resources) if resources else []

    def tell(self, tell: Callable[[str], None], does: str) -> None:
        """Say each workload, and what happens with it; of other objects how many."""
        for line in self.lines():
            tell(f"{line}; {does}")

    def lines(self) -> list[str]:
        """What is found, a line each."""
        lost = f"{len(self._lost)} objects that workloads need are gone, as where a Swarm or a cluster was made anew"
        return [*([lost] if self._lost else []), *(f"{row.name}: {row.drift}" for row in self._rows)]

    @property
    def urns(self) -> Sequence[str]:
        """Those that the engine puts right."""
        workloads = [row.urn for row in self._rows if row.gone or not row.autoscaled]
        return list(dict.fromkeys([*self._lost, *workloads]))

    def rescale(self) -> None:
        """Put right what the engine leaves to an autoscaler, which does nothing at 0 and beyond its bounds."""
        for row in self._rows:
            if row.autoscaled and not row.gone:
                self._on.rescale(row)
