"""Everything at once."""

from drills.fault import Fault
from drills.health import healthy
from drills.loads import answers
from drills.stack import PROXIES, REPLICAS


class AllRestarted(Fault):
    """As after a power cut. One fault at a time is promised, so there is no promise of the time."""

    name = "all-restarted"
    does = "every container of the stack is killed at once"
    healed_by = "the orchestrator starts all"
    seconds = 420

    def well(self) -> bool:
        found = {word: len(self.site.replicas(word)) for word in ("web", "edge")}
        if found != {"web": REPLICAS, "edge": PROXIES}:
            raise LookupError(f"replicas: {found}")
        return healthy(self.site)

    def aim(self) -> None:
        self.hit = set(self.site.running())

    def inject(self) -> None:
        self.site.kill_all()

    def heal(self) -> None:
        answers(self.url, "/ready", seconds=self.seconds)
