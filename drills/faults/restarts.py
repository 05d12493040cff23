"""Everything at once."""

from drills.fault import Fault
from drills.health import healthy, require_apps
from drills.loads import answers
from drills.stack import HOSTS, PROXIES
from drills.waiting import wait_for


class AllRestarted(Fault):
    """As after a power cut. One fault at a time is promised, so there is no promise of the time.

    Each host has a proxy meanwhile: the load asks one host, and two proxies may come back on the others.
    """

    name = "all-restarted"
    does = "every container of the stack is killed at once"
    healed_by = "the orchestrator starts all"
    seconds = 420
    proxies = PROXIES

    def well(self) -> bool:
        require_apps(self.site, proxies=self.proxies)
        return healthy(self.site)

    def aim(self) -> None:
        self._scale(HOSTS)
        self.hit = set(self.site.running())

    def inject(self) -> None:
        self.site.kill_all()

    def heal(self) -> None:
        answers(self.url, "/ready", seconds=self.seconds)

    def clean(self) -> None:
        self._scale(PROXIES)

    def _scale(self, proxies: int) -> None:
        self.proxies = proxies
        self.site.scale("edge", proxies)
        wait_for(f"{proxies} proxies", lambda: len(self.site.replicas("edge")) == proxies, seconds=120)
